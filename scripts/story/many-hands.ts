import type { Message } from '../../src/sandbox/index.js';
import { CASTS, MANY, type Check } from './cast.js';
import { Phone, readAll, readCard, type Sandbox } from './phone.js';
import { Scene, type Teller } from './scene.js';
import type { StoryServer } from './server.js';

/** A rep with many deals, who speaks instead of typing, and a to-do that two people can answer. On WeCom, after the deal is won. */
export class ManyHands extends Scene {
  private readonly colleague: Phone;

  constructor(server: StoryServer, sandbox: Sandbox, teller: Teller) {
    const { rep, supervisor, client, clientId, dealId } = MANY;
    super(server, sandbox, { ...CASTS.wecom, rep, supervisor, client, clientId, dealId }, teller);
    this.colleague = new Phone(sandbox, 'wecom', MANY.lawyer, '法务二', (line) => this.tell(line));
  }

  async play(): Promise<Check[]> {
    const ids = ['multiple-card', 'voice', 'shared-todo-greyed'];
    await this.chapter('又来一位法务，一位代表接手了二十多个商机', ids, () => this.server.runBetween('many-deals'));
    await this.chapter('我的商机多到一张卡三个下拉', ['multiple-card'], () => this.manyDeals());
    await this.chapter('录一段语音', ['voice'], () => this.voice());
    await this.chapter('一件待办，两位法务都收到', ['shared-todo-greyed'], () => this.sharedTodo());
    return this.checks;
  }

  private async manyDeals(): Promise<void> {
    await this.rep.says('我的商机');
    const asked = await this.rep.sees('the list of deals', (one) => readCard(one)?.title === '我的商机');
    const selectors = asked.card?.['select_list'];
    await this.rep.pressesOn(asked, /打开/u, [new RegExp(MANY.client, 'u')]);
    const opened = await this.rep.becomes(asked, /成本核算表/u);
    const type = String(asked.card?.['card_type']);
    const options = readCard(asked)?.question?.options.length ?? 0;
    this.check(
      'multiple-card',
      type === 'multiple_interaction' && Array.isArray(selectors) && selectors.length === 3,
      `${type}: ${Array.isArray(selectors) ? selectors.length : 0} selectors, ${options} options → ${readCard(opened)?.title}`,
    );
  }

  /** WeCom's voice messages come without words: where no service listens, the rep writes them and somebody hears both. */
  private async voice(): Promise<void> {
    await this.rep.presses(/客户沟通录音/u);
    const { name, bytes } = await this.sample('voice-message');
    await this.rep.sendsVoice(name, bytes);
    const consent = await this.rep.seesText(/录音里的人同意了吗/u, { fromStart: true, newest: true });
    await this.rep.pressesOn(consent, /是我自己口述/u);
    const kept = await this.rep.becomes(consent, /自己口述/u);
    const unheard = await this.rep.seesText(/客户沟通录音 先记「未核验」/u, { fromStart: true, newest: true });
    await this.rep.pressesOn(unheard, /打字写内容/u);
    await this.rep.seesText(/把录音里说的话打出来/u, { fromStart: true, newest: true });
    await this.rep.says('客户问能不能月底前到货，我答应了十号前');
    await this.supervisor.sees(
      'the recording with its words',
      (one) =>
        /客户沟通录音/u.test(readAll(one)) && readCard(one)?.buttons.some(({ label }) => label === '通过') === true,
      { fromStart: true, newest: true },
    );
    await this.supervisor.presses(/^通过/u);
    const passed = await this.rep.seesText(/✅[^\n]*客户沟通录音/u, { fromStart: true, newest: true });
    const line = readAll(passed)
      .split('\n')
      .find((one) => /✅[^\n]*客户沟通录音/u.test(one));
    this.check('voice', readCard(kept)?.closed === '已确认', line?.trim() ?? '');
  }

  /** Whoever presses first has answered for both; the other's card is grey and says by whom. */
  private async sharedTodo(): Promise<void> {
    // The lawyer of the first story was last seen on the other platform.
    await this.legal.says('我的待办');
    await this.rep.presses(/成本核算表/u);
    await this.file('cost-sheet');
    await this.rep.seesText(/合规报价 已完成/u, { fromStart: true, newest: true });
    const isAsked = (one: Message): boolean =>
      readAll(one).includes(MANY.client) &&
      readCard(one)?.closed === '' &&
      readCard(one)?.buttons.some(({ label }) => /^通过/u.test(label)) === true;
    const look = { fromStart: true, newest: true };
    const [theirs, mine] = [
      await this.colleague.sees('the approval', isAsked, look),
      await this.legal.sees('the approval', isAsked, look),
    ];
    await this.colleague.pressesOn(theirs, /^通过/u);
    const grey = await this.legal.becomes(mine, /法务专员二[^\n]*通过/u);
    const refused = await this.legal.pressesOn(mine, /^通过/u).then(
      () => '',
      (error: unknown) => String(error),
    );
    this.check(
      'shared-todo-greyed',
      readCard(grey)?.closed === '法务专员二已通过' && grey.state?.disabled === true && /grey/u.test(refused),
      `〔${readCard(grey)?.closed}〕 on the colleague’s card; pressed all the same: ${/the buttons are grey/u.exec(refused)?.[0] ?? 'taken'}`,
    );
  }
}
