import type { PlatformName } from '../../src/platforms/contract.js';

export interface Check {
  id: string;
  ok: boolean;
  measured: string;
}

/** Who plays on which platform; different teams, so that the two stories do not meet. */
export interface Cast {
  platform: PlatformName;
  rep: string;
  supervisor: string;
  director: string;
  legal: string;
  client: string;
  clientId: string;
  dealId: string;
  group: string;
}

const suffix = (platform: PlatformName): string => (platform === 'dingtalk' ? '-dt' : '');
export const user = (name: string, platform: PlatformName): string => `demo-${name}${suffix(platform)}`;

export const CASTS: Record<PlatformName, Cast> = {
  wecom: {
    platform: 'wecom',
    rep: 'rep-jia',
    supervisor: 'supervisor-1',
    director: 'director-east',
    legal: 'legal',
    client: '城东医院',
    clientId: 'demo-chengdong',
    dealId: 'demo-deal-01',
    group: '华东一组',
  },
  dingtalk: {
    platform: 'dingtalk',
    rep: 'rep-ding',
    supervisor: 'supervisor-2',
    director: 'director-east',
    legal: 'legal',
    client: '湖滨医院',
    clientId: 'demo-hubin',
    dealId: 'demo-deal-15',
    group: '华东二组',
  },
};

/** Who comes into the company between the stories; see `many-deals.ts`. A team that neither story tells of. */
export const MANY = {
  rep: 'rep-ren',
  owner: user('rep-ren', 'wecom'),
  supervisor: 'supervisor-3',
  /** Beside what the demo company has given them. */
  deals: 22,
  client: '临江医院',
  clientId: 'story-client-ready',
  dealId: 'story-deal-ready',
  lawyer: 'demo-legal-2',
} as const;
