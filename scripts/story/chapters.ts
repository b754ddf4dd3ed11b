import { setTimeout as sleep } from 'node:timers/promises';
import type { Message } from '../../src/sandbox/index.js';
import { Browser } from './browser.js';
import { meanCalls, tableOf, type CallMeter } from './calls.js';
import type { Check } from './cast.js';
import { Leaders } from './leaders.js';
import { firstLine, readAll, readCard } from './phone.js';

/** What a rep does costs as few calls of the month as possible: with what other people are asked for it, and the fetching of files. */
const MOST_CALLS_PER_ITEM = 2;

/** One deal of one rep on one platform, from the first word to the digest; every check is made from outside. */
export class Story extends Leaders {
  async play(): Promise<Check[]> {
    await this.chapter(
      '进门：消息要真，假的不理，重复只算一次',
      ['inbound-authentic', 'forged-refused', 'duplicate-once'],
      () => this.doors(),
    );
    await this.work('打开商机，想跳过去', ['skip-refused', 'gap-card', 'card-in-place'], () => this.opening());
    await this.work('线索分配、首次触达', ['stage-advanced'], () => this.firstStages());
    await this.work('需求初筛：旧照片不行，现拍的行', ['photo-old-failed', 'photo-passed'], () => this.screening());
    if (this.cast.platform === 'wecom') {
      await this.chapter('群里问一句', ['group-question', 'group-card-pressed'], () => this.groupQuestion());
    }
    await this.work('方案定制：方案里客户名要够', ['pdf-failed', 'pdf-passed'], () => this.solution());
    await this.work('临床价值论证：门牌', ['photo-reused-failed', 'plate-reviewed', 'door-plate-passed'], () =>
      this.clinicalValue(),
    );
    await this.work('合规报价：主管复核印章', ['sheet-row-named'], () => this.quotation());
    await this.work('合同签署：法务在聊天里点', [], () => this.contract());
    await this.chapter('平台停机', ['platform-down-delivered-later'], () => this.platformDown());
    await this.chapter('断电', ['killed-nothing-lost'], () => this.killed());
    await this.work('交付启动', ['nameplate-listed', 'deal-finished'], () => this.delivery());
    await this.chapter('昨天的卡', ['stale-press-safe'], () => this.staleCard());
    if (this.meter !== null) await this.callsPerItem(this.meter);
    return this.checks;
  }

  /** The clock is moved for both stories together, so this is told after both. */
  async playMornings(): Promise<Check[]> {
    const before = this.checks.length;
    await this.chapter('催办', ['nudge-rep', 'nudge-supervisor'], () => this.nudges());
    await this.chapter('日报，一直点到照片', ['digest-group', 'digest-opens-photo'], () => this.digest());
    return this.checks.slice(before);
  }

  private async doors(): Promise<void> {
    await this.rep.looksAway();
    const said = await this.rep.says('帮助');
    const help = await this.rep.seesText(/./u);
    this.check(
      'inbound-authentic',
      said.accepted && (help.kind === 'card' || help.kind === 'text'),
      `callback ${said.callback?.status} in ${said.callback?.ms} ms, ${said.callback?.tries} try`,
    );

    const hows = ['signature', 'receiveid', 'old', 'garbage'];
    const answers: string[] = [];
    for (const how of hows) answers.push(`${how} ${(await this.sandbox.forge(this.cast.platform, how)).status}`);
    const refused = answers.every((answer) => !/ 200$/u.test(answer));
    this.check('forged-refused', refused, answers.join(', '));

    const count = async (): Promise<number> =>
      (await this.rep.messages()).filter((message) => message.from === 'bot').length;
    const before = await count();
    await this.sandbox.faults(this.cast.platform, { duplicateCallbacks: 3 });
    await this.rep.says('帮助');
    await this.sandbox.faults(this.cast.platform, { duplicateCallbacks: 0 });
    await this.sandbox.replay(this.cast.platform);
    await this.rep.sees('one more answer', () => true, { waitMs: 20_000 });
    await sleep(1_500);
    const more = (await count()) - before;
    this.check('duplicate-once', more === 1, `5 deliveries of one message, ${more} answer(s)`);
  }

  private async opening(): Promise<void> {
    const list = await this.aside('找商机', async () => {
      await this.rep.says('我的商机');
      await this.rep.presses(/打开/u, [new RegExp(this.cast.client, 'u')]);
      return await this.checklist(/线索分配/u);
    });
    this.dealId = readCard(list)?.buttons[0]?.key.split(':')[1] ?? '';

    const gap = await this.aside('想跳过去', async () => {
      await this.rep.looksAway();
      await this.rep.says('推进到合同签署');
      return await this.rep.seesText(/还差/u);
    });
    const now = readAll(await this.rep.again(list));
    this.check('skip-refused', /线索分配/u.test(now) && !/合同签署 ·/u.test(now), `still ${readCard(list)?.title}`);
    this.check(
      'gap-card',
      /还差 \d+ 项才能进/u.test(readAll(gap)) && /合同签署/u.test(readAll(gap)) && /确认接手/u.test(readAll(gap)),
      readCard(gap)?.title ?? '',
    );

    const count = (await this.rep.messages()).length;
    await this.rep.pressesOn(list, /确认接手/u);
    const changed = await this.rep.becomes(list, /已完成/u);
    const fresh = (await this.rep.messages()).length - count;
    this.check(
      'card-in-place',
      fresh === 0 && changed.id === list.id,
      `same message, ${fresh} new ones; ${readCard(changed)?.title}`,
    );
  }

  private async next(stage: RegExp): Promise<Message> {
    await this.rep.presses(/看下一步/u);
    return this.checklist(stage);
  }

  private async firstStages(): Promise<void> {
    const list = await this.next(/首次触达/u);
    await this.rep.pressesOn(list, /^首次触达|触达/u);
    await this.rep.presses(/双向消息/u);
    await this.rep.seesText(/写一句谈了什么/u, { fromStart: true, newest: true });
    await this.rep.says('和设备科主任通了电话，约周四上门看现场');
    await this.rep.presses(/关键决策人职务/u);
    await this.rep.presses(/选好了|提交|选这个|就这个/u, [/设备科主任/u]);
    const done = await this.rep.seesText(/首次触达 已完成/u, { fromStart: true, newest: true });
    this.check('stage-advanced', /需求初筛/u.test(readAll(done)), (readCard(done)?.title ?? '') + ' → 需求初筛');
  }

  private async screening(): Promise<void> {
    await this.next(/需求初筛/u);
    await this.rep.presses(/客户痛点/u);
    await this.rep.presses(/选好了|提交/u, [/预算审批/u, /维保成本/u, /数据迁移/u]);
    await this.rep.presses(/拍客户现场照片/u);
    await this.oldPhoto();

    await this.rep.presses(/现在拍|重拍/u);
    // WeCom's menu has a camera of its own (pic_sysphoto): the picture follows its event.
    this.sitePhoto = await this.photo('site-photo', {}, this.cast.platform === 'wecom' ? 'photo' : undefined);
    const passed = await this.rep.seesText(/✅[^\n]*客户现场照片|客户现场照片[^\n]*✅/u, {
      fromStart: true,
      newest: true,
    });
    this.check('photo-passed', true, line(passed, /客户现场照片/u));

    await this.rep.presses(/有效跟进/u);
    await this.rep.says('检验科反映样本周转慢，夜班要等两小时');
    await this.rep.seesText(/方案匹配点/u);
    await this.rep.says('流水线方案能把周转压到四十分钟');
    await this.rep.seesText(/下一步约定/u);
    await this.rep.says('11 月底前带工程师上门测一次');
    await this.rep.seesText(/需求初筛 已完成/u, { fromStart: true, newest: true });
  }

  /** The picture that passed in the screening stage. */
  private sitePhoto: Uint8Array = new Uint8Array();

  private async solution(): Promise<void> {
    await this.next(/方案定制/u);
    await this.rep.presses(/客户现有设备清单/u);
    await this.file('equipment-list');
    await this.rep.seesText(/✅[^\n]*客户现有设备清单/u, { fromStart: true, newest: true });
    await this.rep.presses(/定制方案/u);
    await this.shortProposal();
    await this.rep.presses(/重交|重传|再传|换一份|定制方案/u);
    await this.file('proposal');
    const done = await this.rep.seesText(/方案定制 已完成/u, { fromStart: true, newest: true });
    this.check('pdf-passed', true, readCard(done)?.title ?? '');
  }

  private async clinicalValue(): Promise<void> {
    await this.next(/临床价值论证/u);
    await this.rep.presses(/科室门牌照片/u);
    await this.reusedPhoto(this.sitePhoto);
    await this.rep.presses(/现在拍|重拍|拍科室门牌/u);
    await this.strangePlate();

    await this.rep.presses(/现在拍|重拍|拍科室门牌/u);
    await this.photo('door-plate', { plate: '检验科' });
    await this.photo('door-plate', { plate: '手术室' });
    const passed = await this.rep.seesText(/✅[^\n]*科室门牌照片/u, { fromStart: true, newest: true });
    this.check('door-plate-passed', true, line(passed, /科室门牌照片/u));

    const scenes = await this.rep.presses(/临床使用场景/u);
    if (this.cast.platform === 'wecom') {
      const asked = await this.rep.again(scenes.message);
      const type = String(asked.card?.['card_type']);
      this.check(
        'vote-card',
        type === 'vote_interaction',
        `${type}: ${readCard(asked)?.question?.options.length} options`,
      );
    }
    await this.rep.presses(/选好了|提交/u, [/手术室器械消毒/u, /检验科样本流转/u, /门诊采血/u]);
    await this.rep.presses(/同类设备采购公告/u);
    await this.rep.says('https://zfcg.example.com/notice/20261101.html');
    await this.rep.seesText(/标题/u);
    await this.rep.says(`${this.cast.client}全自动生化分析仪采购公告`);
    await this.rep.seesText(/哪天发布/u);
    const state = await this.sandbox.call<{ clock: { offsetMs: number } }>('GET', 'state');
    const on = new Date(Date.now() + state.clock.offsetMs - 20 * 86_400_000);
    await this.rep.says(new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Shanghai' }).format(on));
    await this.rep.seesText(/临床价值论证 已完成/u, { fromStart: true, newest: true });
  }

  private async quotation(): Promise<void> {
    // People are reached where they talked to the bot last; the lawyer of both stories is one person.
    await this.aside('法务看一眼待办', async () => {
      await this.legal.looksAway();
      await this.legal.says('我的待办');
      await this.legal.seesText(/./u);
    });
    await this.next(/合规报价/u);
    await this.rep.presses(/阶梯报价单/u);
    await this.supervisor.looksAway();
    await this.file('quotation');
    await this.supervisor.seesText(/阶梯报价单/u);
    await this.supervisor.presses(/^通过/u);
    await this.rep.seesText(/✅[^\n]*阶梯报价单/u, { fromStart: true, newest: true });
    await this.rep.presses(/成本核算表/u);
    await this.flatCostSheet();
    await this.rep.presses(/重交|重传|再传|换一份|成本核算表/u);
    await this.file('cost-sheet');
    await this.rep.seesText(/合规报价 已完成/u, { fromStart: true, newest: true });
  }

  private async contract(): Promise<void> {
    await this.next(/合同签署/u);
    await this.rep.presses(/已签合同/u);
    await this.file('contract');
    await this.rep.seesText(/✅[^\n]*已签合同/u, { fromStart: true, newest: true });
    await this.legal.sees(
      'the approval',
      (message) =>
        readAll(message).includes(this.cast.client) &&
        readCard(message)?.buttons.some((one) => /通过/u.test(one.label)) === true,
      { fromStart: true, newest: true },
    );
    await this.legal.presses(/^通过/u);
    await this.rep.seesText(/合同签署 已完成/u, { fromStart: true, newest: true });
  }

  private async delivery(): Promise<void> {
    await this.aside('找商机', async () => {
      await this.rep.says(this.cast.client);
      await this.checklist(/交付启动/u);
    });
    await this.rep.looksAway();
    const page = new Browser(this.server.base, this.cast.platform, this.rep.userId);
    const { devices } = await this.aside('看客户的设备', async () => {
      await page.login('/m');
      return await page.json<{ devices: { model: string | null; serial: string | null; sure: string }[] }>(
        `/api/m/deals/${this.dealId}`,
      );
    });
    const [device] = devices;
    const isListed = device !== undefined && device.model !== null && device.serial !== null;
    this.check('nameplate-listed', isListed, `${device?.model} ${device?.serial}, ${device?.sure}`);
    await this.rep.presses(/客户签收/u);
    const asked = await this.rep.seesText(/\/s\//u, { fromStart: true, newest: true });
    const address = /https?:\/\/\S+\/s\/[\w.:-]+/u.exec(readAll(asked))?.[0] ?? '';
    if (this.cast.platform === 'wecom') await this.rep.scans(address);
    else {
      await page.confirmVisit(address);
    }
    const won = await this.rep.seesText(/全部完成/u, { fromStart: true, newest: true });
    this.check('deal-finished', true, readCard(won)?.title ?? firstLine(won));
  }

  private async staleCard(): Promise<void> {
    await this.rep.looksAway();
    // A card of the screening stage: long passed, and the deal is over.
    const old = await this.rep.sees(
      'an old card with a button',
      (message) =>
        /没通过|还差/u.test(readAll(message)) &&
        (readCard(message)?.buttons.length ?? 0) > 0 &&
        readCard(message)?.closed === '',
      { fromStart: true },
    );
    const button = readCard(old)?.buttons[0];
    const before = (await this.rep.messages()).length;
    await this.rep.pressesOn(old, new RegExp(`^${escape(button?.label ?? '')}$`, 'u'));
    const answer = await this.rep.seesText(/已经过去了|什么都没改/u, { fromStart: true, newest: true, waitMs: 15_000 });
    this.check(
      'stale-press-safe',
      true,
      `${readCard(answer)?.title ?? firstLine(answer)} (${(await this.rep.messages()).length - before} new)`,
    );
  }

  /** By the platform's meter, answers to other people's work included. */
  private async callsPerItem(meter: CallMeter): Promise<void> {
    this.tell('\n— 每做完一项花了几次调用（平台自己数的）');
    const browser = new Browser(this.server.base, this.cast.platform, this.rep.userId);
    await browser.login('/m');
    const costs = await meter.costs(browser, this.dealId);
    for (const row of tableOf(costs)) this.tell(row);
    const { calls, pushes, items, mean } = meanCalls(costs);
    const measured = `${calls} calls and ${pushes} pushes for ${items} completed items: ${mean.toFixed(2)} calls each`;
    this.check('calls-per-item', mean <= MOST_CALLS_PER_ITEM, measured);
  }
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/gu, '\\$&');
function line(message: Message, wanted: RegExp): string {
  return (
    readAll(message)
      .split('\n')
      .find((one) => wanted.test(one))
      ?.trim() ?? ''
  );
}
