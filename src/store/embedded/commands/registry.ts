import { isDoc, isNumber, toDouble, type Doc } from '../bson/value.js';
import { CommandError, badValue, notSupported } from '../errors.js';
import { adminCommands } from './admin.js';
import { readCommands } from './read.js';
import { saslCommands, sessionCommands } from './session.js';
import { statusCommands } from './status.js';
import type { Command, Reply, Request } from './types.js';
import { validateCommands } from './validate.js';
import { writeCommands } from './write.js';

/** Fields that may come with every command. Sessions only number requests here, so `lsid` says nothing. */
export const commonFields = [
  '$db',
  'lsid',
  'comment',
  '$readPreference',
  'readConcern',
  'writeConcern',
  'maxTimeMS',
  'let',
  'collation',
  'apiVersion',
  'apiStrict',
] as const;

/** A client that sends one of these counts on a transaction; running the body outside of one would be a lie. */
const transactionFields = ['txnNumber', 'startTransaction', 'autocommit', 'stmtId', 'stmtIds'];

const knownElsewhere = new Set([
  'commitTransaction',
  'abortTransaction',
  'bulkWrite',
  'mapReduce',
  'geoSearch',
  'collMod',
  'convertToCapped',
  'compact',

  'createUser',
  'usersInfo',
  'shardCollection',
  'replSetGetStatus',
  'replSetInitiate',
  'currentOp',
  'killOp',
  'fsync',
  'top',
  'getLog',
  'createSearchIndexes',
  'listSearchIndexes',
  'cloneCollectionAsCapped',
  'reIndex',
  'planCacheClear',
  'profile',
  'getParameter',
  'setParameter',
  'hostInfo',
  'connPoolStats',
  'startSession',
  'killSessions',
  'whatsmyuri',
  'saslContinue',
  'authenticate',
  'getCmdLineOpts',
]);

export function commandTable(secret: string | null): ReadonlyMap<string, Command> {
  return new Map(
    Object.entries({
      ...sessionCommands,
      ...saslCommands(secret),
      ...readCommands,
      ...writeCommands,
      ...adminCommands,
      ...statusCommands,
      ...validateCommands,
    }),
  );
}

/** Looks a command up, checks everything that comes with it, and runs it. */
export async function runCommand(table: ReadonlyMap<string, Command>, request: Request): Promise<Reply> {
  const { command: name, body, session } = request;
  const command = table.get(name);
  if (!command) {
    if (knownElsewhere.has(name)) throw notSupported(`the command ${name}`);
    throw new CommandError(
      'CommandNotFound',
      `no such command: '${name}'. If MongoDB has it, set MONGODB_URI to a MongoDB server to use it.`,
    );
  }
  for (const field of Object.keys(body)) {
    if (transactionFields.includes(field)) throw notSupported('transactions');
    if (field === name || command.fields.includes(field)) continue;
    if (!(commonFields as readonly string[]).includes(field)) throw notSupported(`the field '${field}' of ${name}`);
  }
  for (const sequence of request.sequences.keys()) {
    if (!command.fields.includes(sequence)) throw badValue(`${name} takes no sequence '${sequence}'`);
  }
  checkConcerns(body);
  if (!command.open && !session.authenticated)
    throw new CommandError('Unauthorized', `Command ${name} requires authentication`);
  request.engine.count(`command.${name}`);
  return command.run(request);
}

function checkConcerns(body: Doc): void {
  const { writeConcern, readConcern } = body;
  if (isDoc(writeConcern)) {
    for (const name of Object.keys(writeConcern)) {
      if (!['w', 'j', 'wtimeout', 'wtimeoutMS', 'provenance', 'fsync'].includes(name))
        throw notSupported(`the write concern option '${name}'`);
    }
    const { w } = writeConcern;
    // One node that has flushed before it answers meets 0, 1, "majority" and j.
    if (w !== undefined && w !== 'majority' && !(isNumber(w) && (toDouble(w) === 0 || toDouble(w) === 1)))
      throw notSupported('a write concern of more than one node');
  }
  if (isDoc(readConcern)) {
    const { level, ...rest } = readConcern;
    if (Object.keys(rest).length > 0) throw notSupported(`the read concern option '${Object.keys(rest)[0]}'`);
    if (level !== undefined && level !== 'local' && level !== 'majority' && level !== 'available')
      throw notSupported(`the read concern ${String(level)}`);
  }
  if (isDoc(body['collation']) && body['collation']['locale'] !== 'simple') throw notSupported('collation');
  if (isDoc(body['let']) && Object.keys(body['let']).length > 0) throw notSupported("the field 'let'");
}
