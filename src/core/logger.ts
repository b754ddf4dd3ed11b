import { pino, type Logger } from 'pino';

export type Log = Logger;

const SECRET_KEYS = [
  'secret',
  'token',
  'access_token',
  'accessToken',
  'ticket',
  'encodingAesKey',
  'password',
  'authorization',
  'cookie',
  'sessionWebhook',
  'response_code',
  'mobile',
  'phone',
];

/** Structured lines on stderr (stdout belongs to what commands promise). Secrets and personal data are masked by key name, two levels deep. */
export function createLogger(level: string, name = 'trailmark'): Log {
  return pino(
    {
      name,
      level,
      redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[masked]' },
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    pino.destination({ dest: 2, sync: true }),
  );
}

/** For tests and commands that keep quiet. */
export const silentLog: Log = pino({ level: 'silent' });
