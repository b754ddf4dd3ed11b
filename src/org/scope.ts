import type { Placed, Scope } from './types.js';

export function isInScope(scope: Scope, placed: Placed): boolean {
  return (
    scope.all ||
    scope.regionIds.includes(placed.regionId) ||
    scope.teamIds.includes(placed.teamId) ||
    scope.personIds.includes(placed.ownerId)
  );
}

/** The same as a query on documents with `ownerId`, `teamId`, `regionId`. */
export function scopeFilter(scope: Scope): Record<string, unknown> {
  if (scope.all) return {};
  return {
    $or: [
      { regionId: { $in: scope.regionIds } },
      { teamId: { $in: scope.teamIds } },
      { ownerId: { $in: scope.personIds } },
    ],
  };
}
