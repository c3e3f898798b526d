/** The shape of a command: its argument is read before anything is done (`parse`), then it works. */
import { CeralaccaError } from '../../base/errors.ts'
import type { Output } from '../wire/output.ts'
import type { Opened, Session, SessionState } from './session.ts'

export interface Reply {
  readonly ok: boolean
  /** response code without its brackets (RFC 2449 8) */
  readonly code: string | null
  /** ASCII */
  readonly text: string
  /** counts against the limit of mistakes in a row */
  readonly mistake?: boolean
  /** whom the next command, if it is PASS, gives the password of */
  readonly user?: string
  /** Writes what follows the first line, up to the final dot. An error leaves the connection without use. */
  readonly body?: (output: Output) => Promise<void>
  /** what happens once the reply has been sent */
  readonly after?: () => Promise<void>
}

export interface Command {
  /** upper case */
  readonly name: string
  /** that defines it */
  readonly rfc: number
  readonly states: readonly SessionState[]
  /** Reads the argument (latin1, undefined if there is none); throws a Mistake. What it answers does the work. */
  parse(argument: string | undefined): (session: Session) => Promise<Reply>
}

export const ok = (text: string): Reply => ({ ok: true, code: null, text })

/** A reply of many lines. */
export const listing = (text: string, body: (output: Output) => Promise<void>): Reply => ({ ...ok(text), body })

type Parse<T> = (argument: string | undefined) => T
type Run<T> = (session: Session, request: T) => Promise<Reply> | Reply
type RunOpened<T> = (opened: Opened, request: T, session: Session) => Promise<Reply> | Reply

const command = <T>(name: string, rfc: number, states: readonly SessionState[], parse: Parse<T>, run: Run<T>): Command => ({
  name,
  rfc,
  states,
  parse(argument) {
    const request = parse(argument)
    return async (session) => run(session, request)
  },
})

/** A command of both states. */
export const anyCommand = <T>(name: string, rfc: number, parse: Parse<T>, run: Run<T>): Command =>
  command(name, rfc, ['authorization', 'transaction'], parse, run)

/** A command of a client that has not logged in. */
export const loginCommand = <T>(name: string, rfc: number, parse: Parse<T>, run: Run<T>): Command =>
  command(name, rfc, ['authorization'], parse, run)

/** A command on the maildrop. */
export const maildropCommand = <T>(name: string, rfc: number, parse: Parse<T>, run: RunOpened<T>): Command =>
  command(name, rfc, ['transaction'], parse, (session, request) => {
    if (!session.opened) throw new CeralaccaError('pop3-state', 'bug', `${name} in the wrong state`)
    return run(session.opened, request, session)
  })
