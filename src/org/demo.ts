import { asId, type ClientId, type DealId, type PersonId } from '../core/index.js';
import type { Client, Group, OrgData, Person, Region, Role, Team } from './types.js';

/**
 * The demo company of the sandbox: two regions, three teams, nine reps, invented clients. Every document carries
 * `demo: true`, and every id begins with `demo-`, so that it can be told from real data and taken away as a whole.
 */
export const demoCompany: OrgData = {
  regions: [region('east', '华东', 'director-east'), region('south', '华南', 'director-south')],
  teams: [
    team('east-1', '华东一组', 'east', 'supervisor-1'),
    team('east-2', '华东二组', 'east', 'supervisor-2'),
    team('south-1', '华南一组', 'south', 'supervisor-3'),
  ],
  people: [
    rep('jia', '甲', 'east-1'),
    rep('yi', '乙', 'east-1'),
    rep('bing', '丙', 'east-1'),
    rep('ding', '丁', 'east-2'),
    rep('wu', '戊', 'east-2'),
    rep('ji', '己', 'east-2'),
    rep('geng', '庚', 'south-1'),
    rep('xin', '辛', 'south-1'),
    rep('ren', '壬', 'south-1'),
    person('supervisor-1', '一组主管', '主管', 'supervisor', { teamId: id('east-1') }),
    person('supervisor-2', '二组主管', '主管', 'supervisor', { teamId: id('east-2') }),
    person('supervisor-3', '三组主管', '主管', 'supervisor', { teamId: id('south-1') }),
    person('director-east', '华东总监', '区域总监', 'director', { regionId: id('east') }),
    person('director-south', '华南总监', '区域总监', 'director', { regionId: id('south') }),
    person('legal', '法务专员', '法务', 'legal'),
    person('technical', '技术支持', '技术工程师', 'technical'),
    person('procurement', '采购专员', '采购', 'procurement'),
    person('marketing', '市场专员', '市场', 'marketing'),
    person('finance', '财务专员', '财务', 'finance'),
    person('operations', '销售运营', '销售运营', 'operations'),
    person('admin', '系统管理员', '管理员', 'admin'),
  ],
  groups: [
    group('east-1', '华东一组', 'east', ['jia', 'yi', 'bing'], 'supervisor-1', 'director-east'),
    group('east-2', '华东二组', 'east', ['ding', 'wu', 'ji'], 'supervisor-2', 'director-east'),
    group('south-1', '华南一组', 'south', ['geng', 'xin', 'ren'], 'supervisor-3', 'director-south'),
  ],
  // Places of invented hospitals, in the datum of Chinese maps.
  clients: [
    client('chengdong', '城东医院', ['城东', '城东人民医院'], [31.2304, 121.5447]),
    client('binjiang', '滨江医院', ['滨江'], [31.2512, 121.5013]),
    client('chengxi', '城西医院', ['城西'], [31.2189, 121.4018]),
    client('hubin', '湖滨医院', ['湖滨'], [30.2571, 120.1576]),
    client('xingang', '新港医院', ['新港'], [31.3704, 121.4952]),
    client('beiqiao', '北桥医院', ['北桥'], [31.0412, 121.4127]),
    client('donghu', '东湖医院', ['东湖'], [30.3026, 120.2149]),
    client('nancheng', '南城医院', ['南城'], [23.0215, 113.7518]),
    client('haiwan', '海湾医院', ['海湾'], [22.5311, 113.9302]),
    client('zhujiang', '珠江医院东院', ['珠江东院'], [23.1167, 113.3305]),
    client('meilin', '梅林医院', ['梅林'], [22.5689, 114.0453]),
  ],
};

/** A deal of the demo company as it should stand when the demo begins. */
export interface DemoDeal {
  id: DealId;
  clientId: ClientId;
  ownerId: PersonId;
  productLine: string;
  openedDaysAgo: number;
  /** Stage of the eight-stage flow it has reached and not yet passed. */
  stageId: string;
}

/**
 * Deals spread over the stages. The three reps of the first team each have one in screening, so that the red light can
 * be seen when the clock is moved two working days forward.
 */
export const demoDeals: readonly DemoDeal[] = [
  deal(1, 'chengdong', 'jia', '体外诊断', 1, 'assigned'),
  deal(2, 'binjiang', 'jia', '手术器械', 6, 'screening'),
  deal(3, 'chengxi', 'jia', '体外诊断', 24, 'clinical-value'),
  deal(4, 'xingang', 'yi', '体外诊断', 7, 'screening'),
  deal(5, 'beiqiao', 'yi', '手术器械', 18, 'solution'),
  deal(6, 'hubin', 'bing', '手术器械', 8, 'screening'),
  deal(7, 'donghu', 'bing', '体外诊断', 3, 'first-touch'),
  deal(8, 'chengxi', 'ding', '手术器械', 31, 'contract'),
  deal(9, 'binjiang', 'wu', '体外诊断', 26, 'quotation'),
  deal(10, 'beiqiao', 'ji', '体外诊断', 5, 'screening'),
  deal(11, 'nancheng', 'geng', '体外诊断', 21, 'clinical-value'),
  deal(12, 'haiwan', 'geng', '手术器械', 2, 'first-touch'),
  deal(13, 'zhujiang', 'xin', '体外诊断', 40, 'delivery'),
  deal(14, 'meilin', 'ren', '手术器械', 15, 'solution'),
  deal(15, 'hubin', 'ding', '体外诊断', 1, 'assigned'),
  deal(16, 'xingang', 'ding', '手术器械', 7, 'screening'),
];

function id(name: string): string {
  return `demo-${name}`;
}

function region(name: string, label: string, director: string): Region {
  return { id: id(name), name: label, directorId: asId<PersonId>(id(director)), demo: true };
}

function team(name: string, label: string, regionName: string, supervisor: string): Team {
  return {
    id: id(name),
    name: label,
    regionId: id(regionName),
    supervisorId: asId<PersonId>(id(supervisor)),
    demo: true,
  };
}

function person(
  name: string,
  label: string,
  title: string,
  role: Role,
  place: Pick<Person, 'teamId' | 'regionId'> = {},
): Person {
  return {
    id: asId(id(name)),
    name: label,
    title,
    role,
    ...place,
    identities: [
      { platform: 'wecom', userId: id(name) },
      { platform: 'dingtalk', userId: id(`${name}-dt`) },
    ],
    absences: [],
    demo: true,
  };
}

function rep(name: string, stem: string, teamName: string): Person {
  return person(`rep-${name}`, `代表${stem}`, '销售代表', 'rep', { teamId: id(teamName) });
}

function group(name: string, label: string, regionName: string, reps: string[], ...heads: string[]): Group {
  return {
    id: id(`group-${name}`),
    name: label,
    teamId: id(name),
    regionId: id(regionName),
    memberIds: [...reps.map((one) => `rep-${one}`), ...heads].map((one) => asId<PersonId>(id(one))),
    chats: [
      // WeCom takes letters and digits only.
      { platform: 'wecom', chatId: id(`group-${name}`).replace(/[^0-9a-z]/gi, '') },
      { platform: 'dingtalk', chatId: `cid-${id(`group-${name}`)}` },
    ],
    demo: true,
  };
}

function client(name: string, label: string, aliases: string[], [lat, lng]: [number, number]): Client {
  return {
    id: asId(id(name)),
    name: label,
    aliases,
    sites: [{ name: '门诊楼', lat, lng, datum: 'gcj02' }],
    demo: true,
  };
}

function deal(
  no: number,
  clientName: string,
  repName: string,
  productLine: string,
  openedDaysAgo: number,
  stageId: string,
): DemoDeal {
  return {
    id: asId(id(`deal-${String(no).padStart(2, '0')}`)),
    clientId: asId(id(clientName)),
    ownerId: asId(id(`rep-${repName}`)),
    productLine,
    openedDaysAgo,
    stageId,
  };
}
