import { ConfigError } from '../../core/index.js';
import type { DingtalkSettings } from './types.js';

/** A blank or a quote copied with the secret is the usual cause of 401: cut away or named before anything is called. */
export function checked(settings: DingtalkSettings): DingtalkSettings {
  const clean = { ...settings };
  const problems: string[] = [];
  for (const name of ['clientId', 'clientSecret', 'robotCode'] as const) {
    clean[name] = settings[name].trim();
    if (clean[name] === '') problems.push(`dingtalk.${name} is empty`);
    else if (/["'\s]/.test(clean[name])) problems.push(`dingtalk.${name} has a quote or a blank in it`);
  }
  for (const name of ['apiBase', 'oapiBase'] as const) {
    if (!/^https?:\/\//.test(settings[name]) || !URL.canParse(settings[name])) {
      problems.push(`dingtalk.${name} is no http(s) address`);
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return clean;
}
