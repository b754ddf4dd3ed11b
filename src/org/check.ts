import { BadInputError } from '../core/index.js';
import type { OrgData } from './types.js';

/** Everything that the new entries name must be there; all mistakes are listed at once. `all`: how it would stand after saving. */
export function checkReferences(entries: Partial<OrgData>, all: OrgData): void {
  const ids = (entries: readonly { id: string }[]) => new Set<string>(entries.map((entry) => entry.id));
  const people = ids(all.people);
  const teams = ids(all.teams);
  const regions = ids(all.regions);
  const problems: string[] = [];
  const must = (known: Set<string>, id: string | undefined, where: string) => {
    if (id !== undefined && !known.has(id)) problems.push(`${where}: ${id} is not known`);
  };

  for (const person of entries.people ?? []) {
    must(teams, person.teamId, `people ${person.id} teamId`);
    must(regions, person.regionId, `people ${person.id} regionId`);
    must(people, person.superiorId, `people ${person.id} superiorId`);
    for (const absence of person.absences) must(people, absence.actingId, `people ${person.id} absences`);
  }
  for (const team of entries.teams ?? []) {
    must(regions, team.regionId, `teams ${team.id} regionId`);
    must(people, team.supervisorId, `teams ${team.id} supervisorId`);
  }
  for (const region of entries.regions ?? []) must(people, region.directorId, `regions ${region.id} directorId`);
  for (const group of entries.groups ?? []) {
    must(teams, group.teamId, `groups ${group.id} teamId`);
    must(regions, group.regionId, `groups ${group.id} regionId`);
    for (const id of group.memberIds) must(people, id, `groups ${group.id} memberIds`);
  }
  if (problems.length > 0)
    throw new BadInputError('org.reference', problems.join('\n'), {
      details: { problems },
      say: `组织数据里有 ${problems.length} 处指向不存在的人、组或区域，没有保存。`,
    });
}
