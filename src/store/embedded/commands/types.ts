import type { Encodable } from '../bson/encode.js';
import type { Doc } from '../bson/value.js';
import type { Engine } from '../engine/engine.js';

export interface Session {
  /** Number of the connection, for logs and `connectionId`. */
  connectionId: number;
  authenticated: boolean;
}

export interface Request {
  engine: Engine;
  session: Session;
  db: string;
  /** Name of the command as it was written. */
  command: string;
  body: Doc;
  /** Documents that came as a sequence of their own, still as bytes. */
  sequences: ReadonlyMap<string, Buffer[]>;
}

export type Reply = { [field: string]: Encodable };

export interface Command {
  /** Fields that may come with it, besides the common ones. */
  fields: readonly string[];
  /** May be asked before a client has shown the store's secret. */
  open?: boolean;
  run: (request: Request) => Promise<Reply> | Reply;
}
