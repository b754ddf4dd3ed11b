import { createHmac } from 'node:crypto';

/** A mobile number as the platforms write it: with or without +86, blanks and dashes. */
const digits = (mobile: string): string => mobile.replace(/\D/gu, '').replace(/^86(?=1\d{10}$)/u, '');

/** The same for two accounts opened with one number. Without the secret nobody can try all numbers against it. */
export function phoneKey(secret: string, mobile: string): string {
  const key = createHmac('sha256', secret).update('phone').digest();
  return createHmac('sha256', key).update(digits(mobile)).digest('base64url').slice(0, 22);
}
