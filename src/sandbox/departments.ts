import type { Directory, DirectoryPerson } from './types.js';

export interface Department {
  id: number;
  name: string;
  parentId: number;
  /** Person ids. */
  leaders: string[];
}

/** Departments as both platforms show them: the company, under it the regions, under these the teams. */
export function departments(directory: Directory): Department[] {
  const all: Department[] = [{ id: 1, name: '公司', parentId: 0, leaders: [] }];
  const add = (name: string, parentId: number): Department => {
    const known = all.find((department) => department.name === name && department.parentId === parentId);
    if (known !== undefined) return known;
    const made = { id: all.length + 1, name, parentId, leaders: [] };
    all.push(made);
    return made;
  };
  for (const person of directory.people) {
    if (person.region === undefined) continue;
    const region = add(person.region, 1);
    if (person.team !== undefined) add(person.team, region.id);
  }
  // Whoever is the superior of somebody and stands in the same or an upper department leads it.
  for (const department of all) {
    const members = directory.people.filter((person) => inDepartment(all, person) === department.id);
    const superiors = new Set(members.map((person) => person.superiorId));
    const own = members.filter((person) => superiors.has(person.id));
    department.leaders = own.map((person) => person.id);
  }
  return all;
}

export function departmentOf(directory: Directory, person: DirectoryPerson): number {
  return inDepartment(departments(directory), person);
}

function inDepartment(all: Department[], person: DirectoryPerson): number {
  if (person.region === undefined) return 1;
  const region = all.find((department) => department.name === person.region && department.parentId === 1)?.id ?? 1;
  if (person.team === undefined) return region;
  return all.find((department) => department.name === person.team && department.parentId === region)?.id ?? region;
}
