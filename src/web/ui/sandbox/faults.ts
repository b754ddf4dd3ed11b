import type { Platform, PlatformFaults } from './types.ts';

export const PLATFORMS: { id: Platform; name: string }[] = [
  { id: 'wecom', name: '企业微信' },
  { id: 'dingtalk', name: '钉钉' },
];
const SLOW_MS = 3_000;
const DUPLICATES = 2;

/** A fault that a visitor can switch on at one platform. */
export interface FaultSwitch {
  name: string;
  hint: string;
  isOn(f: PlatformFaults): boolean;
  set: PlatformFaults;
  unset: PlatformFaults;
}
export const SWITCHES: FaultSwitch[] = [
  {
    name: '平台停机',
    hint: '调用全部断开，消息先攒着，恢复后补发',
    isOn: (f) => Boolean(f.down),
    set: { down: true },
    unset: { down: false },
  },
  {
    name: '变慢',
    hint: '每次调用多等 3 秒',
    isOn: (f) => (f.slowMs ?? 0) > 0,
    set: { slowMs: SLOW_MS },
    unset: { slowMs: 0 },
  },
  {
    name: '重复投递',
    hint: '每个回调再送两遍，只该有一次效果',
    isOn: (f) => (f.duplicateCallbacks ?? 0) > 0,
    set: { duplicateCallbacks: DUPLICATES },
    unset: { duplicateCallbacks: 0 },
  },
];

export function countActive(faults: Record<Platform, PlatformFaults>): number {
  return PLATFORMS.reduce((sum, { id }) => sum + SWITCHES.filter((each) => each.isOn(faults[id])).length, 0);
}
