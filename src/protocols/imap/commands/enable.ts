import type { Arguments } from '../arguments.ts'
import { authenticatedCommand, ok } from '../command.ts'
import { enableCondstore } from '../condstore.ts'
import type { Extension } from '../session.ts'

/** What can be switched on, by its name in upper case. */
const EXTENSIONS: Readonly<Record<string, Extension>> = {
  CONDSTORE: 'CONDSTORE',
  QRESYNC: 'QRESYNC',
  'UTF8=ACCEPT': 'UTF8=ACCEPT',
  IMAP4REV2: 'IMAP4rev2',
}

function parseEnable(args: Arguments): string[] {
  args.space()
  const names = [args.word()]
  while (args.accept(' ') && args.peek() !== '') names.push(args.word())
  return names
}

/** RFC 5161: what is not known is passed over. */
export const enable = authenticatedCommand('ENABLE', parseEnable, (session, names) => {
  const asked = new Set(names.flatMap((name) => (Object.hasOwn(EXTENSIONS, name) ? (EXTENSIONS[name] ?? []) : [])))
  for (const extension of asked) {
    // QRESYNC is CONDSTORE and more (RFC 7162 3.2.3).
    if (extension === 'CONDSTORE' || extension === 'QRESYNC') enableCondstore(session)
    session.enabled.add(extension)
  }
  session.output.line(['* ENABLED', ...asked].join(' '))
  return ok('ENABLE completed')
})
