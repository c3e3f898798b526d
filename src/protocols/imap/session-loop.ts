/** Runs a session: commands one after the other, each answered before the next is looked at (RFC 3501 5.5). */
import { Arguments } from './arguments.ts'
import { formatCapabilities, stageOf } from './capabilities.ts'
import { bad } from './command.ts'
import type { Reply } from './command.ts'
import { readCommand } from './command-reader.ts'
import type { BrokenCommand, RawCommand } from './command-reader.ts'
import { findCommand } from './command-table.ts'
import { tellBehind } from './condstore.ts'
import { loadList } from './loading.ts'
import { replyToError } from './replies.ts'
import { bye, isFolderSession, speaksUtf8, stateOf, unselect } from './session.ts'
import type { Session } from './session.ts'
import { formatText } from '../wire/text.ts'
import { tellWhileWaiting } from './tell-news.ts'
import { tellUpdates } from './updates.ts'

/** Greets, answers until the session ends. Throws ConnectionClosed when the connection does. */
export async function runSession(session: Session): Promise<void> {
  const { output, deps } = session
  output.line(`* OK [${formatCapabilities(stageOf(session), session)}] ${formatText(deps.serverName)} ready`)
  await output.flush()
  let failures = 0
  try {
    while (!session.ended) {
      if (session.selected) session.selected.restingSince = performance.now()
      await tellWhileWaiting(session)
      if (session.ended) break
      const raw = await nextCommand(session)
      if (!raw) continue
      session.busy = true
      if (session.selected) session.selected.restingSince = undefined
      session.tag = raw.tag
      const reply = await answer(session, raw)
      output.line(`${raw.tag} ${reply.status} ${reply.code === null ? '' : `[${reply.code}] `}${reply.text}`)
      failures = isFailure(reply) ? failures + 1 : 0
      if (failures >= deps.limits.badCommands) session.closing = 'Too many errors'
      if (session.closing !== undefined && !session.ended) bye(session, session.closing)
      await output.flush()
      await reply.after?.()
      session.busy = false
    }
  } finally {
    unselect(session)
    session.notify?.close()
  }
}

const isFailure = ({ status, code }: Reply): boolean => status === 'BAD' || code === 'AUTHENTICATIONFAILED'

function nextCommand(session: Session): Promise<RawCommand | BrokenCommand | undefined> {
  const { output, deps } = session
  const loggedIn = session.mailbox !== undefined
  return readCommand({
    input: session.input,
    line: deps.limits.line,
    literals: (name) => {
      if (!loggedIn) return deps.limits.literals / 10
      return name === 'APPEND' ? deps.limits.append : deps.limits.literals
    },
    async continueLiteral() {
      output.line('+ Ready for literal')
      await output.flush()
    },
  })
}

async function answer(session: Session, raw: RawCommand | BrokenCommand): Promise<Reply> {
  if ('status' in raw) return raw
  const command = findCommand(raw.name)
  if (!command) return bad('Unknown command')
  const state = stateOf(session)
  if (!command.states.includes(state)) return bad(state === 'unauthenticated' ? 'Log in first' : 'Not in this state')
  let reply: Reply
  try {
    const run = command.parse(new Arguments(raw, speaksUtf8(session)))
    if (command.needsList && isFolderSession(session)) await loadList(session)
    if (state === 'selected' && command.tellsFirst && !session.ended) await tellUpdates(session, false)
    reply = session.ended ? bad('The folder was removed') : await run(session)
  } catch (error) {
    reply = replyToError(error, session.deps.report)
  }
  if (session.ended) return reply
  await tellUpdates(session, command.tellsExpunge && reply.keepsNumbers !== true)
  tellBehind(session)
  return reply
}
