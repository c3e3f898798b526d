/** Message ids out of header fields, in one form whatever their quoting, so that they can be compared (RFC 5322 3.6.4, RFC 5256 3). Pure. */

const MOST_IDS = 1000
const LEFT = String.raw`"(?:[^"\\\r\n]|\\[^\r\n])*"|[^\s<>@"\\(),;:]+`
const RIGHT = String.raw`\[[^\]\r\n<>]*\]|[^\s<>@"\\(),;]+`
const ID = new RegExp(`<\\s*(${LEFT})\\s*@\\s*(${RIGHT})\\s*>`, 'g')

/** @param value an unfolded header value; what is no message id is passed over */
export function messageIds(value: string): string[] {
  const ids: string[] = []
  for (const [, left, right] of value.matchAll(ID)) {
    ids.push(`${unquote(left ?? '')}@${right ?? ''}`)
    if (ids.length === MOST_IDS) break
  }
  return ids
}

const unquote = (text: string): string => (text.startsWith('"') ? text.slice(1, -1).replace(/\\(.)/g, '$1') : text)
