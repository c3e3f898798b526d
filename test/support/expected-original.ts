/** The original that a submission becomes, written here once more by other means. */
import assert from 'node:assert/strict'

/**
 * @param sent what the holder handed in
 * @param withoutId it has no Message-ID
 */
export function expectedOriginal(sent: Buffer, pecMsgid: string, withoutId = false): Buffer {
  const text = sent.toString('latin1')
  if (withoutId) return Buffer.from(`Message-ID: <${pecMsgid}>\r\n${text}`, 'latin1')
  const field = /^(message-id):\s*(<[^>]+>)\r\n/im.exec(text)
  assert.ok(field)
  const stamp = `${field[1]}: <${pecMsgid}>\r\nX-Riferimento-Message-ID: ${field[2]}\r\n`
  return Buffer.from(
    text.replace(field[0], () => stamp),
    'latin1',
  )
}
