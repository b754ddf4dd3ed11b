import { NotFoundError } from '../core/index.js';
import type { PageBackend } from './backend.js';

export function createPageBackend(_deps: unknown): PageBackend {
  const none = (): never => {
    throw new NotFoundError('page.unknown', 'not there yet');
  };
  return { home: none, digest: none, figure: none, deal: none, evidence: none, picture: none };
}
