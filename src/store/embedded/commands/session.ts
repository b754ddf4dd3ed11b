import { timingSafeEqual, createHash } from 'node:crypto';
import { Binary } from 'bson';
import { CommandError } from '../errors.js';
import { MAX_DOCUMENT_BYTES } from '../engine/collection.js';
import { USER } from '../protocol.js';
import type { Command, Reply, Request } from './types.js';

/** 7.0: the newest version that promises nothing this store refuses (8.0 announces the client-level bulkWrite). */
export const WIRE_VERSION = 21;
const VERSION = '7.0.0';
export const MAX_MESSAGE_BYTES = 48_000_000;

function hello({ session }: Request): Reply {
  return {
    helloOk: true,
    ismaster: true,
    isWritablePrimary: true,
    maxBsonObjectSize: MAX_DOCUMENT_BYTES,
    maxMessageSizeBytes: MAX_MESSAGE_BYTES,
    maxWriteBatchSize: 100_000,
    localTime: new Date(),
    // Without it explicit sessions fail inside the driver, by a text that cannot name MONGODB_URI.
    logicalSessionTimeoutMinutes: 30,
    connectionId: session.connectionId,
    minWireVersion: 0,
    maxWireVersion: WIRE_VERSION,
    readOnly: false,
  };
}

function buildInfo(): Reply {
  return {
    version: VERSION,
    gitVersion: 'embedded',
    modules: ['embedded-store'],
    sysInfo: 'deprecated',
    versionArray: [7, 0, 0, 0],
    bits: 64,
    debug: false,
    maxBsonObjectSize: MAX_DOCUMENT_BYTES,
  };
}

/**
 * The driver's PLAIN mechanism hands over user and password as they are. On the loopback interface that is as good as
 * SCRAM: whoever can read it there can read the program's memory too.
 */
export function saslCommands(secret: string | null): Record<string, Command> {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  const saslStart = ({ body, session }: Request): Reply => {
    const { mechanism, payload } = body;
    if (mechanism !== 'PLAIN')
      throw new CommandError(
        'AuthenticationFailed',
        'The embedded store knows only the PLAIN mechanism. Set MONGODB_URI to a MongoDB server to use another.',
      );
    const text = payload instanceof Binary ? Buffer.from(payload.value()).toString('utf8') : String(payload);
    const [, user = '', password = ''] = text.split('\0');
    if (secret !== null && (user !== USER || !timingSafeEqual(digest(password), digest(secret)))) {
      throw new CommandError('AuthenticationFailed', 'Authentication failed.');
    }
    session.authenticated = true;
    return { conversationId: 1, done: true, payload: new Binary(Buffer.alloc(0)) };
  };
  return { saslStart: { fields: ['mechanism', 'payload', 'autoAuthorize', 'options'], open: true, run: saslStart } };
}

const helloFields = [
  'helloOk',
  'client',
  'compression',
  'saslSupportedMechs',
  'speculativeAuthenticate',
  'loadBalanced',
  'topologyVersion',
  'maxAwaitTimeMS',
  'backpressure',
];

export const sessionCommands: Readonly<Record<string, Command>> = {
  hello: { fields: helloFields, open: true, run: hello },
  ismaster: { fields: helloFields, open: true, run: hello },
  isMaster: { fields: helloFields, open: true, run: hello },
  ping: { fields: [], open: true, run: () => ({}) },
  buildInfo: { fields: [], open: true, run: buildInfo },
  buildinfo: { fields: [], open: true, run: buildInfo },
  endSessions: { fields: [], run: () => ({}) },
  refreshSessions: { fields: [], run: () => ({}) },
  logout: {
    fields: [],
    run: ({ session }) => {
      session.authenticated = false;
      return {};
    },
  },
  connectionStatus: {
    fields: ['showPrivileges'],
    run: () => ({ authInfo: { authenticatedUsers: [], authenticatedUserRoles: [] } }),
  },
};
