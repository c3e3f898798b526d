/** Runs a session: commands one after the other, each answered before the next is looked at (RFC 2449 6.6). */
import type { Line } from '../wire/input.ts'
import type { Output } from '../wire/output.ts'
import { formatText } from '../wire/text.ts'
import { readCommandLine } from './command-line.ts'
import { findCommand } from './command-table.ts'
import type { Reply } from './command.ts'
import { Mistake, Refusal } from './errors.ts'
import { replyToError } from './replies.ts'
import { closeMaildrop, stateOf } from './session.ts'
import type { Session } from './session.ts'

/** What the loop tells its connection. */
export interface LoopSession extends Session {
  /** a command is at work */
  busy: boolean
}

/** Greets, answers until the session ends. Throws ConnectionClosed when the connection does; then nothing is removed (RFC 1939 6). */
export async function runSession(session: LoopSession): Promise<void> {
  const { deps, link } = session
  try {
    link.output.line(`+OK ${formatText(deps.serverName)} POP3 ready`)
    await link.output.flush()
    let mistakes = 0
    while (!session.ended) {
      session.busy = false
      const line = await link.input.line(deps.limits.line)
      if (session.ended) return
      session.busy = true
      const reply = await answer(session, line)
      session.user = reply.user
      if (reply.mistake === true) mistakes++
      // That a user is named says nothing yet: it must not hide wrong passwords.
      else if (reply.user === undefined) mistakes = 0
      if (mistakes >= deps.limits.badCommands) session.ended = true
      await write(link.output, reply)
      await reply.after?.()
    }
  } finally {
    await closeMaildrop(session)
  }
}

async function answer(session: Session, line: Line): Promise<Reply> {
  try {
    if (line.cut) throw new Mistake('Line too long')
    const { name, argument } = readCommandLine(line.text)
    const command = findCommand(name)
    if (!command) throw new Mistake('Unknown command')
    if (!command.states.includes(stateOf(session))) throw new Mistake(session.opened ? 'Not in this state' : 'Log in first')
    if (session.opened?.lease.lost === true) throw lostMaildrop(session)
    return await command.parse(argument)(session)
  } catch (error) {
    return replyToError(error, session.deps.report)
  }
}

/** The session cannot go on: somebody else may have changed what it sees. Nothing has been removed. */
function lostMaildrop(session: Session): Refusal {
  session.ended = true
  return new Refusal('SYS/TEMP', 'Another session has taken the maildrop over')
}

async function write(output: Output, { ok, code, text, body }: Reply): Promise<void> {
  output.line(`${ok ? '+OK' : '-ERR'} ${code === null ? '' : `[${code}] `}${text}`)
  if (body) {
    await body(output)
    output.line('.')
  }
  await output.flush()
}
