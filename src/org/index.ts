// The company: people, teams, who sees what.
export { createOrg, orgIndexes } from './org.js';
export type { Org } from './org.js';
export { planDirectory } from './directory.js';
export { joinPeople } from './join.js';
export { PLATFORM_NAMES, samePersonCard } from './same-person.js';
export type {
  DirectoryDepartment,
  DirectoryMember,
  DirectoryNote,
  DirectoryPlan,
  DirectorySnapshot,
} from './directory.js';
export { keepGroups, withChat, withoutChat } from './groups.js';
export type { DigestPlace, EnsureGroup, GroupKeeperDeps } from './groups.js';
export { isInScope, scopeFilter } from './scope.js';
export { ROLES } from './types.js';
export type {
  Absence,
  Client,
  Group,
  GroupChat,
  Identity,
  OrgData,
  Person,
  Placed,
  Region,
  Role,
  Scope,
  Site,
  Team,
} from './types.js';
// What stands at a client's.
export { createEquipment, devicesOf, equipmentIndexes } from './equipment.js';
export type { Device, DeviceFact, Equipment, Sighting } from './equipment.js';
// Working time.
export { addDays, createCalendar } from './calendar.js';
export type { CalendarOptions, DayException, DayRange, Period, TimeLimit, WorkCalendar } from './calendar.js';
export { parseCalendarFile } from './calendar-file.js';
export type { CalendarProblem } from './calendar-file.js';
// The demo company.
export { demoCompany, demoDeals } from './demo.js';
export type { DemoDeal } from './demo.js';
export { createTimeWords } from './words.js';
export type { TimeWords } from './words.js';
