/** The shape of a command: its arguments are read whole before anything is done (`parse`), then it works (`run`). */
import { CeralaccaError } from '../../base/errors.ts'
import type { Arguments } from './arguments.ts'
import { isFolderSession, isUserSession } from './session.ts'
import type { FolderSession, Session, SessionState, UserSession } from './session.ts'

export interface Reply {
  readonly status: 'OK' | 'NO' | 'BAD'
  /** response code, without its brackets */
  readonly code: string | null
  /** ASCII */
  readonly text: string
  /** no sequence number may change with this reply, whatever the command */
  readonly keepsNumbers?: true
  /** what happens once the reply has been sent */
  readonly after?: () => Promise<void>
}

export interface Command {
  /** upper case */
  readonly name: string
  readonly states: readonly SessionState[]
  /** EXPUNGE must not be told with FETCH, STORE, SEARCH, SORT and THREAD: the client counts on its sequence numbers (RFC 3501 7.4.1, RFC 5256 3) */
  readonly tellsExpunge: boolean
  /**
   * Changes are told before it begins too. STORE goes by what the client knew when it sent the command (RFC 7162 3.1.12). Who leaves the folder
   * is told nothing more: without the removals, which wait, modseqs would be told above what was missed (RFC 7162 6).
   */
  readonly tellsFirst: boolean
  /** it works on the messages of the selected folder: their list must be in memory */
  readonly needsList: boolean
  /** Reads the arguments; throws a syntax error. What it answers does the work. */
  parse(args: Arguments): (session: Session) => Promise<Reply>
}

export const ok = (text: string, code: string | null = null): Reply => ({ status: 'OK', code, text })
export const no = (text: string, code: string | null = null): Reply => ({ status: 'NO', code, text })
export const bad = (text: string): Reply => ({ status: 'BAD', code: null, text })

const FOLDER: readonly SessionState[] = ['selected']

type Parse<T> = (args: Arguments) => T
type Run<S, T> = (session: S, request: T) => Promise<Reply> | Reply

export const noArguments: Parse<undefined> = () => undefined

function command<S extends Session, T>(
  name: string,
  states: readonly SessionState[],
  fits: (session: Session) => session is S,
  parse: Parse<T>,
  run: Run<S, T>,
): Command {
  return {
    name,
    states,
    tellsExpunge: !/^(FETCH|STORE|SEARCH|SORT|THREAD)$/.test(name),
    tellsFirst: !/(STORE|CLOSE|UNSELECT|SELECT|EXAMINE|LOGOUT)$/.test(name),
    needsList: states === FOLDER && !/^(CHECK|CLOSE|UNSELECT)$/.test(name),
    parse(args) {
      const request = parse(args)
      args.end()
      return async (session) => {
        if (!fits(session)) throw new CeralaccaError('imap-state', 'bug', `${name} in the wrong state`)
        return run(session, request)
      }
    },
  }
}

const isSession = (session: Session): session is Session => session.output !== undefined

/** A command of every state. */
export const anyCommand = <T>(name: string, parse: Parse<T>, run: Run<Session, T>): Command =>
  command(name, ['unauthenticated', 'authenticated', 'selected'], isSession, parse, run)

/** A command of a client that has not logged in. */
export const loginCommand = <T>(name: string, parse: Parse<T>, run: Run<Session, T>): Command =>
  command(name, ['unauthenticated'], isSession, parse, run)

/** A command of a client that has logged in. */
export const userCommand = <T>(name: string, parse: Parse<T>, run: Run<UserSession, T>): Command =>
  command(name, ['authenticated', 'selected'], isUserSession, parse, run)

/** A command of a client that has logged in and has no folder selected. */
export const authenticatedCommand = <T>(name: string, parse: Parse<T>, run: Run<UserSession, T>): Command =>
  command(name, ['authenticated'], isUserSession, parse, run)

/** A command on the selected folder. */
export const folderCommand = <T>(name: string, parse: Parse<T>, run: Run<FolderSession, T>): Command =>
  command(name, FOLDER, isFolderSession, parse, run)
