import exifr from 'exifr';

export interface ExifFacts {
  /** DateTimeOriginal as the camera's wall clock: `YYYY-MM-DDTHH:MM:SS`; never a file time, never XMP's CreateDate. */
  capturedAt: string | null;
  /** Minutes east of UTC, when the file says it (OffsetTimeOriginal). */
  offsetMinutes: number | null;
  /** Satellite time in UTC: a second witness. */
  gpsAt: string | null;
  position: { lat: number; lng: number; datum: 'wgs84' } | null;
  camera: string | null;
}

const NOTHING: ExifFacts = { capturedAt: null, offsetMinutes: null, gpsAt: null, position: null, camera: null };

interface Tags {
  DateTimeOriginal?: unknown;
  OffsetTimeOriginal?: unknown;
  Make?: unknown;
  Model?: unknown;
  GPSDateStamp?: unknown;
  GPSTimeStamp?: unknown;
  latitude?: unknown;
  longitude?: unknown;
}

/** EXIF is often gone (chat apps strip it) and can be edited: missing is normal, present is a witness and no proof. */
export async function readExif(bytes: Uint8Array): Promise<ExifFacts> {
  let tags: Tags | undefined;
  try {
    // EXIF and GPS only: with all segments on, dates of other origins are merged in. No revived dates: EXIF knows no zone.
    tags = (await exifr.parse(Buffer.from(bytes), {
      tiff: true,
      exif: true,
      gps: true,
      xmp: false,
      iptc: false,
      icc: false,
      jfif: false,
      mergeOutput: true,
      reviveValues: false,
    })) as Tags | undefined;
  } catch {
    // A damaged block is as good as none.
    return NOTHING;
  }
  if (tags === undefined) return NOTHING;
  return {
    capturedAt: stamp(tags.DateTimeOriginal),
    offsetMinutes: offset(tags.OffsetTimeOriginal),
    gpsAt: gpsTime(tags.GPSDateStamp, tags.GPSTimeStamp),
    position: position(tags.latitude, tags.longitude),
    camera:
      [tags.Make, tags.Model].filter((one): one is string => typeof one === 'string' && one.trim() !== '').join(' ') ||
      null,
  };
}

/** `2026:11:24 14:32:10` → `2026-11-24T14:32:10`; year 0000 and impossible dates are missing. */
function stamp(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  const match = /^(\d{4})[:\-/](\d{2})[:\-/](\d{2})[ T](\d{2}):(\d{2})(?::(\d{2}))?/u.exec(value.trim());
  if (match === null) return null;
  const [, year, month, day, hour, minute, second] = match;
  const text = `${year}-${month}-${day}T${hour}:${minute}:${second ?? '00'}`;
  const instant = new Date(`${text}Z`);
  if (Number.isNaN(instant.getTime()) || instant.toISOString().slice(0, 19) !== text || Number(year) < 1990)
    return null;
  return text;
}

function offset(value: unknown): number | null {
  const match = typeof value === 'string' ? /^([+-])(\d{2}):?(\d{2})$/u.exec(value.trim()) : null;
  if (match === null) return null;
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  return minutes > 14 * 60 ? null : match[1] === '-' ? -minutes : minutes;
}

function gpsTime(date: unknown, time: unknown): string | null {
  if (typeof date !== 'string' || !Array.isArray(time) || time.length < 2) return null;
  const parts = time.map((part) => (typeof part === 'number' && Number.isFinite(part) ? Math.floor(part) : -1));
  const [hour = -1, minute = -1, second = 0] = parts;
  const text = stamp(
    `${date} ${[hour, minute, Math.max(0, second)].map((part) => String(part).padStart(2, '0')).join(':')}`,
  );
  return text === null ? null : `${text}Z`;
}

/** Both halves, in range, and not 0,0 (what a receiver without a fix writes). */
function position(lat: unknown, lng: unknown): ExifFacts['position'] {
  if (typeof lat !== 'number' || typeof lng !== 'number' || !Number.isFinite(lat) || !Number.isFinite(lng)) return null;
  if (Math.abs(lat) > 90 || Math.abs(lng) > 180 || (lat === 0 && lng === 0)) return null;
  return { lat, lng, datum: 'wgs84' };
}
