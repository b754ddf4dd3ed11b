/** `WW_verify_<letters and digits>.txt`; nothing else is ever served so. */
const NAME = /^WW_verify_([0-9A-Za-z]{1,64})\.txt$/;
/** One line of printable signs. */
const CONTENT = /^[\x21-\x7e]{1,200}$/;

/**
 * The files by which WeCom's console checks that a domain is ours: `WW_verify_abc.txt` or `WW_verify_abc.txt=content`, with
 * commas between. Without a content it is the word in the name, which is what such files held when this was written.
 */
export function loadVerifyFiles(value: string, problems: string[]): Record<string, string> {
  const files: Record<string, string> = {};
  for (const entry of value.split(',').map((part) => part.trim())) {
    if (entry === '') continue;
    const at = entry.indexOf('=');
    const name = (at < 0 ? entry : entry.slice(0, at)).trim();
    const word = NAME.exec(name)?.[1];
    const content = at < 0 ? (word ?? '') : entry.slice(at + 1).trim();
    if (word === undefined) problems.push(`WECOM_VERIFY_FILES: ${name} is no name such as WW_verify_Ab12Cd34.txt`);
    else if (!CONTENT.test(content)) problems.push(`WECOM_VERIFY_FILES: the content of ${name} must be one line`);
    else files[name] = content;
  }
  return files;
}
