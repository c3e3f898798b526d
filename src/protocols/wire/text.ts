/** Human text of a response: one line of printable ASCII. */
export function formatText(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, '?').slice(0, 200)
}
