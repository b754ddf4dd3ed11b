import type { ClientId, PersonId } from '../core/index.js';

export const ROLES = [
  'rep',
  'supervisor',
  'director',
  'legal',
  'procurement',
  'technical',
  'marketing',
  'finance',
  'operations',
  'admin',
] as const;
export type Role = (typeof ROLES)[number];

/** How a person is known on a platform; platform and userId together belong to one person only. */
export interface Identity {
  platform: 'wecom' | 'dingtalk';
  /** Exactly as the platform spells it. */
  userId: string;
}

/** Days away, both included (`YYYY-MM-DD`): they don't count as working days of the person, and someone may stand in. */
export interface Absence {
  from: string;
  to: string;
  actingId?: PersonId;
}

export interface Person {
  id: PersonId;
  name: string;
  /** As people read it: `销售代表`, `一组主管`. */
  title: string;
  role: Role;
  teamId?: string;
  regionId?: string;
  /** Only where it differs from the team's supervisor or the region's director. */
  superiorId?: PersonId;
  identities: Identity[];
  absences: Absence[];
  /** Set when the person has left: kept for history, reached and seen no more. */
  leftAt?: Date;
  /** Was another entry of this person, who has its addresses and its work now. */
  joinedTo?: PersonId;
  /** Tells whether two accounts were opened with one mobile number; says nothing of the number (keyed hash). */
  phoneKey?: string;
  demo?: boolean;
}

export interface Region {
  id: string;
  name: string;
  directorId?: PersonId;
  /** `platform:id` of the department it was made from. */
  source?: string;
  demo?: boolean;
}

export interface Team {
  id: string;
  name: string;
  regionId: string;
  supervisorId?: PersonId;
  /** `platform:id` of the department it was made from. */
  source?: string;
  demo?: boolean;
}

/** A group chat that gets the digest of its team (or, without a team, of its region). */
export interface Group {
  id: string;
  name: string;
  teamId?: string;
  regionId: string;
  memberIds: PersonId[];
  chats: GroupChat[];
  demo?: boolean;
}

export interface GroupChat {
  platform: Identity['platform'];
  chatId: string;
  /** Platform ids of those whom we put into it; others were invited by hand. */
  placed?: string[];
  /** Since when what is sent there does not arrive: it gets no digest. */
  lostAt?: Date;
}

export interface Site {
  name: string;
  lat: number;
  lng: number;
  datum: 'wgs84' | 'gcj02';
}

export interface Client {
  id: ClientId;
  name: string;
  aliases: string[];
  sites: Site[];
  demo?: boolean;
}

/** What somebody may see: everything, or deals of these regions, teams and owners. */
export interface Scope {
  all: boolean;
  regionIds: string[];
  teamIds: string[];
  personIds: PersonId[];
}

/** Where a thing stands in the organisation. */
export interface Placed {
  ownerId: PersonId;
  teamId: string;
  regionId: string;
}

export interface OrgData {
  people: Person[];
  teams: Team[];
  regions: Region[];
  groups: Group[];
  clients: Client[];
}
