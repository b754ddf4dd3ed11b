import test from 'ava';
import { type Json, notice, startBench, textMessage, withCallback } from './support.js';

const HOUR = 3_600_000;

test('app chats: members, ids, owners, and no cards in them', async (t) => {
  const bench = await startBench(t);
  const create = (body: Json): Promise<Json> => bench.wecom('POST', 'appchat/create', body);
  const send = (body: Json): Promise<Json> => bench.wecom('POST', 'appchat/send', body);
  const userlist = ['RepA', 'RepB'];
  t.is((await create({ name: 'g', userlist: ['RepA'] })).errcode, 86006);
  t.is((await create({ name: 'g', userlist: ['RepA', 'Nobody'] })).errcode, 40003);
  t.is((await create({ name: 'g', userlist, chatid: 'a-b' })).errcode, 86001);
  t.is((await create({ name: 'g', userlist, owner: 'Lead1' })).errcode, 40058);
  t.deepEqual(await create({ name: '战报', userlist, chatid: 'report1' }), {
    errcode: 0,
    errmsg: 'ok',
    chatid: 'report1',
  });
  t.is((await create({ name: 'g', userlist, chatid: 'report1' })).errcode, 86215);
  const words = { msgtype: 'text', text: { content: '日报' } };
  t.is((await send({ chatid: 'report2', ...words })).errcode, 86003);
  t.is((await send({ chatid: 'foreignchat', ...words })).errcode, 86008);
  t.is((await send({ chatid: 'report1', msgtype: 'template_card', template_card: notice() })).errcode, 40008);
  t.is((await send({ chatid: 'report1', ...words })).errcode, 0);
  t.is((await bench.lastMessage('wecom', 'RepB', 'report1')).text, '日报');
  t.is(
    (
      await bench.wecom('POST', 'appchat/update', {
        chatid: 'report1',
        add_user_list: ['Lead1'],
        del_user_list: ['RepA'],
      })
    ).errcode,
    0,
  );
  const info = await bench.wecom('GET', 'appchat/get', undefined, { chatid: 'report1' });
  t.like(info, {
    errcode: 0,
    chat_info: { chatid: 'report1', name: '战报', owner: 'RepB', userlist: ['RepB', 'Lead1'] },
  });
  t.is((await bench.wecom('POST', 'appchat/update', { chatid: 'report1', del_user_list: ['RepB'] })).errcode, 86006);
});

test('media: kinds, sizes, three days, errors as JSON with 200', async (t) => {
  const bench = await startBench(t);
  const upload = (type: string, bytes: Buffer, name?: string): Promise<Json> => {
    const form = new FormData();
    form.set('media', new Blob([bytes]), name ?? 'a.bin');
    return bench.wecom('POST', 'media/upload', form, { type });
  };
  const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3, 4]);
  t.is((await upload('poem', jpeg)).errcode, 40004);
  t.is((await upload('image', Buffer.from('no image'))).errcode, 40004);
  t.is((await upload('file', Buffer.alloc(3))).errcode, 44001);
  t.is((await upload('image', Buffer.concat([jpeg, Buffer.alloc(10 * 1024 * 1024)]))).errcode, 45001);
  t.is((await bench.wecom('POST', 'media/upload', 'no form', { type: 'file' })).errcode, 41005);
  const done = await upload('image', jpeg, '照片.jpg');
  t.like(done, { errcode: 0, errmsg: '', type: 'image' });
  t.is(typeof done.created_at, 'string');
  const wrongKind = textMessage(bench, { msgtype: 'file', file: { media_id: done.media_id } });
  t.is((await bench.wecom('POST', 'message/send', wrongKind)).errcode, 40007);
  const get = async (): Promise<Response> => {
    const query = new URLSearchParams({ access_token: await bench.wecomToken(), media_id: String(done.media_id) });
    return fetch(`${bench.access.wecom.apiBase}/cgi-bin/media/get?${query.toString()}`);
  };
  const good = await get();
  t.is(good.headers.get('content-type'), 'image/jpeg');
  t.deepEqual(Buffer.from(await good.arrayBuffer()), jpeg);
  await bench.control('POST', 'clock', { offsetMs: 72 * HOUR + 1_000 });
  const gone = await get();
  t.is(gone.status, 200);
  t.deepEqual(await gone.json(), { errcode: 40007, errmsg: 'invalid media_id' });
});

test('a file over 20 MB is fetched in pieces', async (t) => {
  const bench = await startBench(t);
  const { heard } = await withCallback(t, bench);
  const bytes = Buffer.alloc(20 * 1024 * 1024 + 5, 7);
  await bench.control('POST', 'phones/wecom/RepA/file?name=big.pdf', bytes);
  const mediaId = /<MediaId><!\[CDATA\[(.*?)\]\]>/.exec(heard[0] ?? '')?.[1] ?? '';
  t.is((await bench.wecom('GET', 'media/get', undefined, { media_id: mediaId })).errcode, 830002);
  const query = new URLSearchParams({ access_token: await bench.wecomToken(), media_id: mediaId });
  const url = `${bench.access.wecom.apiBase}/cgi-bin/media/get?${query.toString()}`;
  const piece = await fetch(url, { headers: { range: 'bytes=20971520-20971599' } });
  t.is(piece.status, 206);
  t.is(piece.headers.get('content-range'), `bytes 20971520-20971524/${bytes.length}`);
  t.is((await piece.arrayBuffer()).byteLength, 5);
});

test('menus: counts, names, types, keys, addresses', async (t) => {
  const bench = await startBench(t);
  const agentid = bench.access.wecom.agentId;
  const create = async (button: Json[], id = agentid): Promise<unknown> =>
    (await bench.wecom('POST', 'menu/create', { button }, { agentid: id })).errcode;
  const click = { type: 'click', name: '商机', key: 'deals' };
  const under = (item: Json): Json[] => [{ name: '更多', sub_button: [item] }];
  t.is((await bench.wecom('GET', 'menu/get', undefined, { agentid })).errcode, 46003);
  t.is(await create([click], '7'), 301002);
  t.is(await create([]), 40016);
  t.is(await create([{ ...click, type: 'poem' }]), 40017);
  t.is(await create([{ ...click, name: '六个汉字太长' }]), 40018);
  t.is(await create([{ ...click, key: '' }]), 40019);
  t.is(await create([{ type: 'view', name: '页', url: 'a' }]), 40020);
  t.is(await create([{ name: '更多', sub_button: Array.from({ length: 6 }, () => click) }]), 40023);
  t.is(await create(under({ ...click, type: 'poem' })), 40024);
  t.is(await create(under({ ...click, name: '汉'.repeat(14) })), 40025);
  t.is(await create(under({ ...click, key: 'k'.repeat(129) })), 40026);
  t.is(await create(under({ type: 'view', name: '页', url: 'a' })), 40027);
  t.is(await create(under(click)), 0);
  t.like(await bench.wecom('GET', 'menu/get', undefined, { agentid }), { errcode: 0, button: under(click) });
});

test('contacts: one member, one department, ids only with the contacts secret', async (t) => {
  const bench = await startBench(t);
  t.is((await bench.wecom('GET', 'user/get', undefined, { userid: 'Nobody' })).errcode, 60111);
  const user = await bench.wecom('GET', 'user/get', undefined, { userid: 'repa' });
  t.like(user, { errcode: 0, userid: 'RepA', name: '代表甲', direct_leader: ['Lead1'], is_leader_in_dept: [0] });
  const { department } = (await bench.wecom('GET', 'department/list')) as { department: Json[] };
  t.deepEqual(
    department.map(({ name, parentid, department_leader }) => [name, parentid, department_leader]),
    [
      ['公司', 0, []],
      ['华东', 1, []],
      ['一组', 2, ['Lead1']],
    ],
  );
  t.is((await bench.wecom('POST', 'user/list_id', {})).errcode, 48002);
  const token = await bench.wecomToken(bench.access.wecom.contactsSecret);
  const list = await fetch(`${bench.access.wecom.apiBase}/cgi-bin/user/list_id?access_token=${token}`, {
    method: 'POST',
    body: JSON.stringify({ limit: 2 }),
  });
  t.like(await list.json(), {
    errcode: 0,
    next_cursor: '2',
    dept_user: [
      { userid: 'RepA', department: 3 },
      { userid: 'RepB', department: 3 },
    ],
  });
});

test('login: a code for the person of the phone, once, for five minutes', async (t) => {
  const bench = await startBench(t);
  const { apiBase, corpId, agentId } = bench.access.wecom;
  const redirect = 'http://127.0.0.1:9/m/login';
  const query = {
    appid: corpId,
    redirect_uri: redirect,
    response_type: 'code',
    scope: 'snsapi_base',
    state: 'abc',
    agentid: agentId,
  };
  const authorize = (more: Json = {}, cookie = ''): Promise<Response> =>
    fetch(
      `${apiBase}/connect/oauth2/authorize?${new URLSearchParams({ ...query, ...(more as Record<string, string>) }).toString()}`,
      {
        redirect: 'manual',
        headers: { cookie },
      },
    );
  const codeOf = (response: Response): string =>
    new URL(response.headers.get('location') ?? '').searchParams.get('code') ?? '';
  const errcode = async (response: Response): Promise<unknown> => ((await response.json()) as Json).errcode;
  t.is(await errcode(await authorize({ appid: 'ww0' })), 40013);
  t.is(await errcode(await authorize({ redirect_uri: 'https://elsewhere.example/x' })), 50001);
  t.regex(await (await authorize()).text(), /代表甲/);
  const opened = await fetch(
    `${bench.access.controlBase}/control/open?platform=wecom&userId=RepA&url=${encodeURIComponent(redirect)}`,
    { redirect: 'manual' },
  );
  const set = await fetch(opened.headers.get('location') ?? '', { redirect: 'manual' });
  t.is(set.headers.get('location'), redirect);
  const response = await authorize({}, (set.headers.get('set-cookie') ?? '').split(';')[0]);
  t.is(new URL(response.headers.get('location') ?? '').searchParams.get('state'), 'abc');
  const code = codeOf(response);
  const who = (value: string): Promise<Json> => bench.wecom('GET', 'auth/getuserinfo', undefined, { code: value });
  t.is((await who('nonsense')).errcode, 40029);
  t.deepEqual(await who(code), { errcode: 0, errmsg: 'ok', userid: 'RepA' });
  t.is((await who(code)).errcode, 42022);
  const late = codeOf(await authorize({ sandbox_user: 'repb' }));
  await bench.control('POST', 'clock', { offsetMs: 301_000 });
  t.is((await who(late)).errcode, 42003);
});
