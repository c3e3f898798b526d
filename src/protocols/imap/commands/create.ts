import { folderObjectId } from '../../../mailbox/object-ids.ts'
import type { SpecialUse } from '../../../mailbox/types.ts'
import type { Arguments } from '../arguments.ts'
import { ok, userCommand } from '../command.ts'
import { Refusal, syntaxError } from '../errors.ts'
import { tellNormalised } from '../list-response.ts'

interface Request {
  readonly name: string
  /** attributes as the client wrote them */
  readonly uses: readonly string[]
}

function parseCreate(args: Arguments): Request {
  args.space()
  // A trailing separator only tells that folders will be made within (RFC 3501 6.3.3).
  const name = args.folderName().replace(/\/$/, '')
  if (!args.accept(' ') || args.peek() !== '(') return { name, uses: [] }
  const uses = args.list(() => {
    if (args.word() !== 'USE') throw syntaxError('Unknown parameter')
    args.space()
    return args.list(() => args.flag())
  })
  return { name, uses: uses.flat() }
}

const USES: readonly SpecialUse[] = ['\\Archive', '\\Drafts', '\\Junk', '\\Sent', '\\Trash']

/** RFC 6154 3: a folder has one use, if any. */
function specialUse([asked, ...more]: readonly string[]): SpecialUse | undefined {
  if (asked === undefined) return undefined
  const use = USES.find((known) => known.toLowerCase() === asked.toLowerCase())
  if (!use || more.length > 0) throw new Refusal('USEATTR', 'No folder can have this use')
  return use
}

/** RFC 3501 6.3.3, with a special use (RFC 6154), answering the folder's identifier (RFC 8474 4.1). */
export const create = userCommand('CREATE', parseCreate, async (session, { name, uses }) => {
  const made = await session.deps.store.createFolder(session.mailbox, name, specialUse(uses))
  session.notify?.expect((folders) => [...folders, made])
  await tellNormalised(session, name)
  return ok('CREATE completed', `MAILBOXID (${folderObjectId(made.id)})`)
})
