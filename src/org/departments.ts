import type { Role } from './types.js';

/** Departments as people name them, with or without 部. */
const DEPARTMENTS: Record<string, Role> = {
  销售: 'rep',
  法务: 'legal',
  采购: 'procurement',
  技术: 'technical',
  市场: 'marketing',
  财务: 'finance',
  运营: 'operations',
  销售运营: 'operations',
};

export const roleOfDepartment = (department: string): Role | undefined =>
  DEPARTMENTS[department.replace(/(?:中心|部门?)$/u, '')];
