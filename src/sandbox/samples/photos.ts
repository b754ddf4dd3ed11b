import sharp, { type Exif, type Sharp } from 'sharp';
import { grain, pick, render, seeded, type Pixels } from './draw.js';
import { corridor, doorPlate, nameplate, shelves, type Scene } from './scenes.js';
import { anyStyle, localTime, watermark, type WatermarkStyle } from './watermarks.js';

export interface PhotoPlan {
  scene: 'corridor' | 'shelves' | 'door-plate' | 'nameplate';
  at: Date;
  zone: string;
  place: string;
  /** 'any' follows the seed; null prints nothing. */
  watermark: WatermarkStyle | 'any' | null;
  plate?: string;
  position?: { lat: number; lng: number };
  /** Camera tags as an original file has them; chat apps strip them. */
  exif: boolean;
  seed: number;
  /** 1 is ordinary light. */
  exposure?: number;
  blurSigma?: number;
}

const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ';

/** Model and serial of the nameplate that a seed draws. */
export function nameplateFacts(seed: number): { model: string; serial: string } {
  const random = seeded(seed * 7 + 3);
  const letters = (n: number): string => Array.from({ length: n }, () => pick(random, [...LETTERS])).join('');
  const digits = (n: number): string => Array.from({ length: n }, () => Math.floor(random() * 10)).join('');
  return { model: `${letters(2)}-${digits(4)}`, serial: `${letters(2)}${digits(8)}` };
}

function sceneOf(plan: PhotoPlan, random: () => number): Scene {
  switch (plan.scene) {
    case 'corridor':
      return random() < 0.5 ? corridor(random) : corridor(random, 1080, 1440);
    case 'shelves':
      return shelves(random);
    case 'door-plate':
      return doorPlate(random, plan.plate ?? '检验科');
    case 'nameplate':
      return nameplate(random, nameplateFacts(plan.seed));
  }
}

/** The scene goes through the lens (light, grain, blur) before the app prints its watermark on it. */
export async function photo(plan: PhotoPlan): Promise<Buffer> {
  const random = seeded(plan.seed);
  const scene = sceneOf(plan, random);
  const { width, height } = scene;
  const pixels = grain(
    render(width, height, held(scene, plan.seed, plan.scene === 'nameplate' ? LABEL_REACH : SCENE_REACH)),
    random,
    {
      sigma: 5,
      exposure: plan.exposure ?? 1,
    },
  );
  let image = raw(pixels);
  if (plan.blurSigma !== undefined) image = image.blur(plan.blurSigma);
  if (plan.watermark !== null) {
    const style = plan.watermark === 'any' ? anyStyle(random) : plan.watermark;
    const printed = watermark(style, { width, height, at: localTime(plan.at, plan.zone), place: plan.place });
    const lensed = (await image.png({ compressionLevel: 1 }).toBuffer()).toString('base64');
    image = raw(
      render(
        width,
        height,
        `<image width="${width}" height="${height}" href="data:image/png;base64,${lensed}"/>${printed}`,
      ),
    );
  }
  if (plan.exif) image = image.withExif(exifOf(plan));
  return await image.jpeg({ quality: 82 }).toBuffer();
}

/** How much nearer than needed somebody may stand. A nameplate fills the picture already: nearer, its lines would be cut off. */
const SCENE_REACH = 0.27;
const LABEL_REACH = 0.04;

/** Nobody stands twice in the same spot: a little nearer, aside, and never quite level. What matters in the scene stays in the picture. */
function held({ width, height, svg }: Scene, seed: number, reach: number): string {
  const random = seeded(seed * 31 + 17);
  const zoom = 1.08 + reach * random();
  const degrees = 5 * random() - 2.5;
  // What the zoom leaves over, less what the turn needs.
  const room = (zoom - 1.06) / 2;
  const [x, y] = [(2 * random() - 1) * room * width, (2 * random() - 1) * room * height];
  const [cx, cy] = [width / 2, height / 2];
  return `<g transform="translate(${(cx + x).toFixed(1)} ${(cy + y).toFixed(1)}) rotate(${degrees.toFixed(2)}) scale(${zoom.toFixed(3)}) translate(${-cx} ${-cy})">${svg}</g>`;
}

/** A covered lens: one colour, nothing to see. */
export async function blankPhoto(seed: number): Promise<Buffer> {
  const random = seeded(seed);
  const grey = `rgb(${150 + Math.floor(random() * 60)},${150 + Math.floor(random() * 60)},${150 + Math.floor(random() * 60)})`;
  return await raw(
    grain(render(1440, 1080, `<rect width="1440" height="1080" fill="${grey}"/>`), random, { sigma: 1, exposure: 1 }),
  )
    .jpeg({ quality: 82 })
    .toBuffer();
}

function raw({ data, width, height }: Pixels): Sharp {
  return sharp(data, { raw: { width, height, channels: 3 } });
}

function exifOf({ at, zone, position }: PhotoPlan): Exif {
  const { year, month, day, hour, minute, second } = localTime(at, zone);
  const stamp = `${year}:${month}:${day} ${hour}:${minute}:${second}`;
  const exif: Exif = {
    IFD0: { Make: 'Trailmark', Model: 'Sandbox phone', DateTime: stamp },
    IFD2: { DateTimeOriginal: stamp, DateTimeDigitized: stamp },
  };
  if (position !== undefined) {
    exif.IFD3 = {
      GPSLatitudeRef: position.lat < 0 ? 'S' : 'N',
      GPSLatitude: degrees(position.lat),
      GPSLongitudeRef: position.lng < 0 ? 'W' : 'E',
      GPSLongitude: degrees(position.lng),
    };
  }
  return exif;
}

/** Degrees, minutes, seconds as EXIF rationals; thousandths of a second are 3 cm. */
function degrees(value: number): string {
  const thousandths = Math.round(Math.abs(value) * 3_600_000);
  return `${Math.floor(thousandths / 3_600_000)}/1 ${Math.floor(thousandths / 60_000) % 60}/1 ${thousandths % 60_000}/1000`;
}
