/** One client of the torture test: does at random what clients do, leaves and comes back. */
import type { TestClient } from '../../../src/protocols/imap/test-imap.ts'
import type { Client, Command } from './command.ts'
import { makeDeletion, makeStore } from './flag-commands.ts'
import { makeAppend, makeClose, makeExpunge, makeTransfer } from './message-commands.ts'
import type { Random } from './random.ts'
import { makeFetch, makeNoop, makeSearch } from './reading-commands.ts'
import type { RecentLedger } from './recent.ts'
import { makeLearning, makeSelect } from './selecting.ts'
import { View } from './view.ts'
import type { Dialect, Past } from './view.ts'
import { Wire } from './wire.ts'
import type { World } from './world.ts'

export interface ActorDeps {
  readonly session: number
  readonly dialect: Dialect
  readonly random: Random
  readonly world: World
  readonly recents: RecentLedger
  /** A connection that has logged in. */
  readonly connect: () => Promise<TestClient>
  /** Takes a state from which a client may come back. */
  readonly keep: (past: Past) => void
}

/** The folder is kept at about so many messages. */
const USUAL = 60

/** Times of the world that IDLE takes. */
const IDLE = 60

export class Actor {
  readonly #deps: ActorDeps
  readonly #idling: Set<Actor>
  #connection: TestClient | undefined
  #wire: Wire | undefined
  #client: Client | undefined

  /** @param idling those that are in IDLE now, shared by all: somebody must make the world go on */
  constructor(deps: ActorDeps, idling: Set<Actor>) {
    this.#deps = deps
    this.#idling = idling
  }

  get transcript(): string {
    return this.#wire?.transcript.join('\n') ?? ''
  }

  get view(): View {
    if (!this.#client) throw new Error('no folder is selected')
    return this.#client.view
  }

  async start(): Promise<void> {
    await this.#connect()
    await this.#select()
  }

  /** One thing that a client does. */
  async step(): Promise<void> {
    const { random } = this.#deps
    const client = this.#started()
    if (random.chance(0.8)) await this.#learn()
    const kind = random.below(100)
    if (kind < 3) await this.#reopen(client)
    else if (kind < 6) await this.#comeBack(client)
    else if (kind < 10 && this.#idling.size < 5) await this.#idle(client)
    else await this.#play(this.#makeCommands(client))
  }

  /** Hears of everything, and knows every UID. */
  async settle(): Promise<void> {
    await this.#play([makeNoop(this.#started())])
    await this.#learn()
    await this.#play([makeNoop(this.#started())])
  }

  close(): void {
    this.#connection?.destroy()
  }

  #started(): Client {
    if (!this.#client) throw new Error('not started')
    return this.#client
  }

  async #connect(): Promise<void> {
    const { dialect, world, connect } = this.#deps
    this.#connection = await connect()
    if (dialect.qresync) await this.#connection.ok('ENABLE QRESYNC')
    else if (dialect.condstore) await this.#connection.ok('ENABLE CONDSTORE')
    if (dialect.rev2) await this.#connection.ok('ENABLE IMAP4rev2')
    this.#wire = new Wire(this.#connection, world)
  }

  async #select(past?: Past, before?: View): Promise<void> {
    const { session, random, world, recents, dialect } = this.#deps
    const view = new View(world, recents, { session, dialect })
    const { command, rebuild } = makeSelect(view, random, past, before)
    this.#client = { session, random, world, view, dialect, saving: 0, saved: undefined }
    await this.#wire?.play([command], view)
    rebuild()
    await this.#learn()
  }

  async #learn(): Promise<void> {
    for (;;) {
      const command = makeLearning(this.#started())
      if (!command) return
      const before = this.view.unknown
      await this.#play([command])
      // What is gone may not be told of any more.
      if (this.view.unknown >= before) return
    }
  }

  async #play(commands: readonly Command[], idle?: () => Promise<void>): Promise<void> {
    const { view } = this.#started()
    await this.#wire?.play(commands, view, idle)
    if (this.#deps.dialect.qresync && view.complete) this.#deps.keep(view.past(this.transcript))
  }

  #makeCommands(client: Client): Command[] {
    const { random } = client
    const commands: Command[] = []
    const count = random.chance(0.3) ? 2 + random.below(4) : 1
    let numbersAllowed = true
    while (commands.length < count) {
      const command = makeCommand(client, numbersAllowed)
      if (!command || (command.usesNumbers && !numbersAllowed)) continue
      // One that waits for the server cannot be followed by others in the same breath.
      if (command.literal !== undefined && count > 1) continue
      commands.push(command)
      // RFC 9051 5.5: numbers may change with it, so none may be sent behind it.
      if (command.mayExpunge) numbersAllowed = false
    }
    return commands
  }

  async #idle(client: Client): Promise<void> {
    const { random, world } = client
    const command = { text: 'IDLE', usesNumbers: false, mayExpunge: true, mayTellEarlier: false }
    this.#idling.add(this)
    await this.#play([command], () => world.pass(1 + random.below(IDLE)))
    this.#idling.delete(this)
  }

  /** Leaves the folder and opens it again on the same connection. */
  async #reopen(client: Client): Promise<void> {
    const { random, dialect, view } = client
    const closes = random.chance(0.7)
    if (closes) await this.#play([makeClose(client)])
    // What it was told while it left counts too.
    const past = dialect.qresync && view.complete && random.chance(0.5) ? view.past(this.transcript) : undefined
    this.#leave(client)
    await this.#select(past, closes ? undefined : view)
  }

  /** Breaks the connection off, perhaps with commands that nobody hears the answers of, and comes back. */
  async #comeBack(client: Client): Promise<void> {
    const { random, dialect, view } = client
    const past = dialect.qresync && view.complete && random.chance(0.8) ? view.past(this.transcript) : undefined
    if (random.chance(0.5)) this.#wire?.send(this.#makeCommands(client))
    this.#connection?.destroy()
    this.#leave(client)
    await this.#connect()
    await this.#select(past)
  }

  #leave({ world, session }: Client): void {
    world.toldUpTo.set(session, Infinity)
  }
}

function makeCommand(client: Client, numbersAllowed: boolean): Command | undefined {
  const { random, view } = client
  const kind = random.below(100)
  const many = view.uids.length > USUAL
  if (kind < 16) return many && random.chance(0.7) ? makeExpunge(client) : makeAppend(client)
  if (kind < 38) return makeStore(client, numbersAllowed)
  if (kind < 44) return makeDeletion(client, numbersAllowed)
  if (kind < 49) return makeTransfer(client, numbersAllowed, 'COPY')
  if (kind < 54) return makeTransfer(client, numbersAllowed, 'MOVE')
  if (kind < 59) return makeExpunge(client)
  if (kind < 77) return makeFetch(client, numbersAllowed)
  if (kind < 88) return makeSearch(client, numbersAllowed)
  return makeNoop(client)
}
