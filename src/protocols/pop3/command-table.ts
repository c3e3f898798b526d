/** All commands: name, the RFC that defines it, its state (by the function), its argument, its work. APOP is not offered: it needs passwords in clear. */
import { anyCommand, loginCommand, maildropCommand } from './command.ts'
import type { Command } from './command.ts'
import { mechanismAndResponse, messageNumber, noArgument, numberAndLines, optionalNumber, wholeText } from './command-line.ts'
import { dele, noop, rset } from './commands/marks.ts'
import { capa, quit, stls } from './commands/session.ts'
import { list, stat, uidl } from './commands/listings.ts'
import { auth, pass, user } from './commands/login.ts'
import { retr, top } from './commands/reading.ts'

const COMMANDS: readonly Command[] = [
  anyCommand('CAPA', 2449, noArgument, capa),
  anyCommand('QUIT', 1939, noArgument, quit),
  loginCommand('STLS', 2595, noArgument, stls),
  loginCommand('USER', 1939, wholeText, user),
  loginCommand('PASS', 1939, wholeText, pass),
  loginCommand('AUTH', 5034, mechanismAndResponse, auth),
  maildropCommand('STAT', 1939, noArgument, stat),
  maildropCommand('LIST', 1939, optionalNumber, list),
  maildropCommand('UIDL', 1939, optionalNumber, uidl),
  maildropCommand('RETR', 1939, messageNumber, retr),
  maildropCommand('TOP', 1939, numberAndLines, top),
  maildropCommand('DELE', 1939, messageNumber, dele),
  maildropCommand('NOOP', 1939, noArgument, noop),
  maildropCommand('RSET', 1939, noArgument, rset),
]

const byName = new Map(COMMANDS.map((command) => [command.name, command]))

/** @param name in upper case */
export const findCommand = (name: string): Command | undefined => byName.get(name)
