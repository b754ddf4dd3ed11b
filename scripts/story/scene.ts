import gcoordModule from 'gcoord';
import { demoCompany } from '../../src/org/index.js';
import type { PlatformName } from '../../src/platforms/contract.js';
import { makeSample } from '../../src/sandbox/index.js';
import { Browser } from './browser.js';
import { CallMeter } from './calls.js';
import { user, type Cast, type Check } from './cast.js';
import type { Message } from '../../src/sandbox/index.js';
import { Phone, readCard, type Sandbox } from './phone.js';
import type { StoryServer } from './server.js';

// The package's typings describe its default export one level too deep.
const gcoord = gcoordModule as unknown as typeof gcoordModule.default;

export interface Teller {
  tell: (line: string) => void;
  /** Told which chapter begins. */
  turnPage: (title: string) => void;
}

const asideTitle = (chapter: string, what: string): string => `${chapter}｜${what}`;

/** Who plays, what they hold in their hands, and how a chapter is told and checked. */
export class Scene {
  readonly checks: Check[] = [];
  /** Chapters in which the deal is worked on: what they cost in calls is counted by its items. */
  readonly workChapters: string[] = [];
  /** Parts of chapters that completed nothing. */
  readonly asides: string[] = [];
  private title = '';
  /** Items that were completed in them. */
  itemsWorked = 0;
  protected readonly rep: Phone;
  protected readonly supervisor: Phone;
  protected readonly legal: Phone;
  protected seed: number;
  /** Where calls are what is scarce. */
  protected readonly meter: CallMeter | null;
  /** Of the deal that is played, as its card's buttons name it. */
  protected dealId = '';

  constructor(
    protected readonly server: StoryServer,
    protected readonly sandbox: Sandbox,
    protected readonly cast: Cast,
    protected readonly teller: Teller,
  ) {
    const phone = (name: string, words: string): Phone =>
      new Phone(sandbox, cast.platform, user(name, cast.platform), words, (line) => this.tell(line));
    this.rep = phone(cast.rep, '销售');
    this.supervisor = phone(cast.supervisor, '主管');
    this.legal = phone(cast.legal, '法务');
    this.seed = cast.platform === 'wecom' ? 100 : 500;
    this.meter =
      cast.platform === 'dingtalk'
        ? new CallMeter(
            () => sandbox.dingtalkCalls(),
            () => sandbox.now(),
          )
        : null;
  }

  get platform(): PlatformName {
    return this.cast.platform;
  }

  /** Completed checklist items of the deal, as its page shows them. */
  protected async itemsDone(): Promise<number> {
    if (this.page === null) {
      this.page = new Browser(this.server.base, this.cast.platform, this.rep.userId);
      await this.page.login('/m');
    }
    return this.page.itemsDone(this.cast.dealId);
  }

  /** The deal's page in the rep's browser, once it was opened. */
  protected page: Browser | null = null;

  protected tell(line: string): void {
    this.teller.tell(line);
  }

  protected check(id: string, ok: boolean, measured: string): void {
    const check = { id: `${this.cast.platform}.${id}`, ok, measured };
    this.checks.push(check);
    this.tell(`  ${ok ? '✅' : '❌'} ${check.id}  ${measured}`);
  }

  protected async work(title: string, ids: readonly string[], play: () => Promise<void>): Promise<void> {
    this.workChapters.push(title);
    const before = await this.itemsDone();
    await this.chapter(title, ids, play);
    this.itemsWorked += (await this.itemsDone()) - before;
  }

  /** A chapter that breaks fails its own checks and says why; the next ones are still told. */
  protected async chapter(title: string, ids: readonly string[], play: () => Promise<void>): Promise<void> {
    this.tell(`\n— ${title}`);
    this.title = title;
    this.teller.turnPage(title);
    const before = this.checks.length;
    await this.meter?.begins();
    try {
      await play();
      await this.meter?.ends(title);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.tell(`  ‼ ${why}`);
      const made = new Set(this.checks.slice(before).map((check) => check.id));
      for (const id of ids) if (!made.has(`${this.cast.platform}.${id}`)) this.check(id, false, why.slice(0, 300));
    }
  }

  /** What of a chapter completes no item: asking where one stands, trying to skip, evidence that is refused. Told, and counted, apart. */
  protected async aside<T>(what: string, play: () => Promise<T>): Promise<T> {
    const aside = asideTitle(this.title, what);
    if (this.workChapters.includes(this.title)) this.asides.push(aside);
    await this.meter?.ends(this.title);
    this.teller.turnPage(aside);
    await this.meter?.begins();
    const result = await play();
    await this.meter?.ends(aside);
    this.teller.turnPage(this.title);
    await this.meter?.begins();
    return result;
  }

  protected checklist(stage: RegExp): Promise<Message> {
    return this.rep.sees(
      `the checklist of ${stage}`,
      (message) => {
        const card = readCard(message);
        return (
          card !== null &&
          card.title.includes(this.cast.client) &&
          // In its title: the card of the stage before names it too, as where the way goes on.
          stage.test(card.title) &&
          card.buttons.length > 0
        );
      },
      { fromStart: true, newest: true },
    );
  }

  protected async sample(name: string, params: { plate?: string; seed?: number } = {}) {
    const place = demoCompany.clients.find((client) => client.id === this.cast.clientId)?.sites[0];
    const [lng, lat] = gcoord.transform<[number, number]>(
      [place?.lng ?? 0, place?.lat ?? 0],
      gcoord.GCJ02,
      gcoord.WGS84,
    );
    const state = await this.sandbox.call<{ clock: { offsetMs: number } }>('GET', 'state');
    return makeSample(name, {
      at: new Date(Date.now() + state.clock.offsetMs),
      zone: 'Asia/Shanghai',
      clientName: this.cast.client,
      lat,
      lng,
      seed: params.seed ?? ++this.seed,
      ...(params.plate === undefined ? {} : { plate: params.plate }),
    });
  }

  protected async photo(
    name: string,
    params: { plate?: string; seed?: number } = {},
    menuKey?: string,
  ): Promise<Buffer> {
    const sample = await this.sample(name, params);
    await this.rep.sendsPhoto(sample.name, sample.bytes, menuKey);
    return sample.bytes;
  }

  protected async file(name: string): Promise<void> {
    const sample = await this.sample(name);
    await this.rep.sendsFile(sample.name, sample.bytes);
  }
}
