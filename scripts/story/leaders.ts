import { Browser } from './browser.js';
import { user } from './cast.js';
import { Mishaps } from './mishaps.js';
import { firstLine, Phone, readAll, readCard } from './phone.js';

/** What whoever leads sees and asks: a question in the group, nudges, the digest down to the photo. */
export abstract class Leaders extends Mishaps {
  protected async nudges(): Promise<void> {
    const nudge = await this.rep.seesText(/个商机(?:今天到期|今天要做|已经超期)/u, { fromStart: true, newest: true });
    this.check('nudge-rep', true, readCard(nudge)?.title ?? firstLine(nudge));
    const told = await this.supervisor.seesText(/需求初筛[^\n]*没动|工作日没更新/u, { fromStart: true, newest: true });
    const copied = await new Phone(
      this.sandbox,
      this.cast.platform,
      user(this.cast.director, this.cast.platform),
      '总监',
      (line) => this.tell(line),
    )
      .seesText(/需求初筛[^\n]*没动|工作日没更新/u, { fromStart: true, newest: true, waitMs: 10_000 })
      .then(
        () => true,
        () => false,
      );
    this.check(
      'nudge-supervisor',
      /跟进/u.test(readAll(told)),
      `${readCard(told)?.title ?? firstLine(told)}; director in copy here: ${copied}`,
    );
  }

  protected async digest(): Promise<void> {
    const message = await this.supervisor.sees(
      'the digest',
      (one) => readAll(one).includes(this.cast.group) && /穿透率/u.test(readAll(one)),
      {
        chat: 'group',
        fromStart: true,
        newest: true,
      },
    );
    const words = `${readAll(message)}\n${JSON.stringify(message.card ?? '')}`;
    this.check(
      'digest-group',
      /🔴|红/u.test(words) && /🟡|黄/u.test(words) && /🟢|绿/u.test(words),
      firstLine(message),
    );
    await this.digestPicture();
    if (this.cast.platform === 'wecom') await this.digestAlone();
    const address = /https?:\/\/[^\s"\\)\]]+\/m\/digest\/[^\s"\\)\]]+/u.exec(words)?.[0];
    if (address === undefined) throw new Error(`no link in the digest: ${words.slice(0, 400)}`);
    const browser = new Browser(this.server.base, this.cast.platform, this.supervisor.userId);
    const opened = await browser.digestToPhoto(address);
    this.check('digest-opens-photo', opened.bytes > 5_000 && opened.mime.startsWith('image/'), opened.path);
  }

  /** The figures drawn, as a picture in the same group. */
  private async digestPicture(): Promise<void> {
    const picture = await this.supervisor.sees('the chart', (one) => one.kind === 'image' && one.from === 'bot', {
      chat: 'group',
      fromStart: true,
      newest: true,
    });
    const bytes = await this.sandbox.file(picture.mediaUrl ?? '');
    const isPng = bytes.subarray(1, 4).toString('latin1') === 'PNG';
    const width = isPng ? bytes.readUInt32BE(16) : 0;
    this.check(
      'digest-picture',
      width === 1_080 && bytes.length < 200_000,
      `PNG ${width} px wide, ${bytes.length} bytes`,
    );
  }

  /** Whoever leads gets the figures drawn at the head of their own card; its picture opens without a login. */
  private async digestAlone(): Promise<void> {
    const message = await this.supervisor.sees(
      'the digest with a picture',
      (one) => one.card?.['card_type'] === 'news_notice' && readAll(one).includes('穿透率'),
      { fromStart: true, newest: true },
    );
    const { url, aspect_ratio: ratio } = message.card?.['card_image'] as { url: string; aspect_ratio: number };
    const answer = await fetch(url);
    const bytes = Buffer.from(await answer.arrayBuffer());
    const size = `${bytes.readUInt32BE(16)}×${bytes.readUInt32BE(20)}`;
    this.check(
      'digest-news-card',
      answer.headers.get('content-type') === 'image/png' && size === '1080×600' && ratio === 1.8,
      `news_notice, PNG ${size}, ratio ${ratio}, ${bytes.length} bytes`,
    );
  }

  /** A self-built app hears nothing in groups: the AI bot does. */
  protected async groupQuestion(): Promise<void> {
    await this.supervisor.saysIn(this.cast.group, `@留痕 ${this.cast.client} 卡在哪`);
    const answer = await this.supervisor.seesText(new RegExp(this.cast.client, 'u'), {
      chat: 'group',
      fromStart: true,
      newest: true,
      waitMs: 20_000,
    });
    this.check('group-question', /在「方案定制」[^]*还差/u.test(readAll(answer)), firstLine(answer));
    const { callback } = await this.supervisor.pressesOn(answer, /看最新/u);
    const answered = callback?.answered ?? '';
    this.check('group-card-pressed', answered === 'update_template_card', `${answered} in ${callback?.ms} ms`);
  }
}
