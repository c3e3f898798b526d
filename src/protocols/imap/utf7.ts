/** Modified UTF-7 of folder names on the wire (RFC 3501 5.1.3). */

/** Unicode to modified UTF-7. */
export function encodeUtf7(name: string): string {
  return name.replace(/&|[^\x20-\x7e]+/g, (run) => (run === '&' ? '&-' : `&${encodeRun(run)}-`))
}

function encodeRun(run: string): string {
  const bytes = Buffer.from(run, 'utf16le').swap16()
  return bytes.toString('base64').replace(/=+$/, '').replaceAll('/', ',')
}

/** Modified UTF-7 to Unicode; a run that is none stays as it is written, so that such a name is simply not found. */
export function decodeUtf7(wire: string): string {
  return wire.replace(/&([A-Za-z0-9+,]*)-/g, (whole, run: string) => {
    if (run === '') return '&'
    const bytes = Buffer.from(run.replaceAll(',', '/'), 'base64')
    const text = bytes.length % 2 === 0 ? Buffer.from(bytes).swap16().toString('utf16le') : ''
    return encodeUtf7(text) === whole ? text : whole
  })
}
