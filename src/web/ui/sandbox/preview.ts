import { parseMarkdown, type Inline } from '../lib/markdown.ts';
import type { Message } from './types.ts';

/** A message in one line, as lists of chats and notices show it. */
export function previewOf(message: Message | undefined): string {
  if (message === undefined) return '';
  const card = message.card as
    | { main_title?: { title?: string }; cardParamMap?: { title?: string; summary?: string }; title?: string }
    | undefined;
  const title =
    card?.cardParamMap?.summary ??
    message.title ??
    card?.main_title?.title ??
    card?.cardParamMap?.title ??
    card?.title ??
    '';
  const what: Record<Message['kind'], string> = {
    text: oneLine(message.text ?? ''),
    markdown: plain(message.text ?? message.title ?? ''),
    card: `[卡片] ${title}`,
    image: '[图片]',
    file: `[文件] ${message.name ?? ''}`,
    voice: '[语音]',
    video: '[视频]',
    news: `[链接] ${message.title ?? ''}`,
  };
  return what[message.kind];
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
const words = (part: Inline): string =>
  part.kind === 'text' || part.kind === 'mention'
    ? part.text
    : part.kind === 'image'
      ? '[图片]'
      : part.inner.map(words).join('');

/** Read as the bubble reads it, so that no sign of the markup is left over. */
function plain(text: string): string {
  const lines = parseMarkdown(text).flatMap((block) => {
    switch (block.kind) {
      case 'rule':
        return [];
      case 'heading':
        return [block.inner];
      case 'list':
        return block.items;
      case 'paragraph':
      case 'quote':
        return block.lines;
    }
  });
  return oneLine(lines.map((line) => line.map(words).join('')).join(' '));
}
