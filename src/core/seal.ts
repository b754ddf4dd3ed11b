import { createHmac, timingSafeEqual } from 'node:crypto';

/** 128 bit of the signature, so that what is sealed fits an address and a small picture. */
const SIGNATURE_SIGNS = 22;

/** `<words>.<signature>`: words that only this house can have said. HMAC-SHA256 under a key of its own for each purpose. */
export function seal(secret: string, purpose: string, words: string): string {
  const key = createHmac('sha256', secret).update(purpose).digest();
  const signature = createHmac('sha256', key).update(words).digest('base64url').slice(0, SIGNATURE_SIGNS);
  return `${words}.${signature}`;
}

/** The words; null: forged, cut short, or said for another purpose. */
export function unseal(secret: string, purpose: string, sealed: string): string | null {
  const words = sealed.slice(0, Math.max(0, sealed.lastIndexOf('.')));
  if (words === '') return null;
  const [given, right] = [Buffer.from(sealed), Buffer.from(seal(secret, purpose, words))];
  return given.length === right.length && timingSafeEqual(given, right) ? words : null;
}
