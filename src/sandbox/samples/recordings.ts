// Recordings made by code: sounds with the rhythm of speech, and nobody's voice.

const RATE = 8_000;

/** 16-bit samples: syllables of a hum with overtones, pauses between them; `loud` 0 is silence. */
export function speechLike(seconds: number, seed: number, loud = 0.3, rate = RATE): Int16Array {
  const samples = new Int16Array(Math.round(seconds * rate));
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  const random = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  for (let at = 0; at < samples.length;) {
    const length = Math.round(rate * (0.12 + 0.1 * random()));
    const pitch = 110 + 60 * random();
    for (let i = 0; i < length && at + i < samples.length; i += 1) {
      const swell = Math.sin((Math.PI * i) / length);
      const phase = (2 * Math.PI * pitch * i) / rate;
      const hum = Math.sin(phase) + 0.5 * Math.sin(2 * phase) + 0.3 * Math.sin(5 * phase) + 0.1 * (random() - 0.5);
      samples[at + i] = Math.round(32_767 * loud * 0.5 * swell * hum);
    }
    at += length + Math.round(rate * (random() < 0.15 ? 0.4 : 0.04));
  }
  return samples;
}

export function wav(samples: Int16Array, rate = RATE): Buffer {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + samples.byteLength, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(samples.byteLength, 40);
  return Buffer.concat([head, Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)]);
}

/** Frames of the 12.2 kbit/s mode, 20 ms each, filled with noise: as long as a voice message, and as large. */
export function amr(seconds: number, seed: number): Buffer {
  const frames = Math.round(seconds * 50);
  const bytes = Buffer.alloc(6 + frames * 32);
  bytes.write('#!AMR\n', 0, 'latin1');
  for (let frame = 0; frame < frames; frame += 1) {
    const at = 6 + frame * 32;
    bytes[at] = 0x3c;
    for (let i = 1; i < 32; i += 1) bytes[at + i] = ((seed >>> (8 * (i % 3))) + frame * 17 + i * 7) & 0xff;
  }
  return bytes;
}
