import { Refused, type Bridge, type SentPosition } from './bridge.ts';

/** Indoors a first fix takes its time. */
const POSITION_MS = 20_000;

/** A browser by itself: `<input capture>` and the position of the device, in WGS-84. */
export function browserBridge(): Bridge {
  return { takePhoto: null, position: browserPosition, scan: null, close: null };
}

export function browserPosition(): Promise<SentPosition> {
  return new Promise((resolve, reject) => {
    // Only there on https, and on the machine itself.
    if (!('geolocation' in navigator)) {
      reject(new Refused('unsupported'));
      return;
    }
    navigator.geolocation.getCurrentPosition(
      ({ coords: { latitude, longitude, accuracy } }) =>
        resolve({ from: 'browser', result: { latitude, longitude, accuracy }, accuracyMetres: accuracy }),
      (error) => reject(new Refused(error.code === error.PERMISSION_DENIED ? 'denied' : 'failed')),
      { enableHighAccuracy: true, timeout: POSITION_MS, maximumAge: 0 },
    );
  });
}
