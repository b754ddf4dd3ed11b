declare module 'heic-decode' {
  /** RGBA pixels of the first picture in a HEIC file. */
  export default function decode(input: {
    buffer: Uint8Array;
  }): Promise<{ width: number; height: number; data: Uint8ClampedArray }>;
}
