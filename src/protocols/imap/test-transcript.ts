/**
 * For tests: what a client was seen to say, and what it must be answered, as data (`transcripts/`). Header lines begin with "#". After "C: " stands
 * a line of the client, after "S: " a response; "..." stands for anything, and alone for any number of responses. \r, \n and \xNN are those
 * bytes. {address}, {password} and what is made of them are those of the mailbox.
 */

export interface Step {
  readonly by: 'client' | 'server'
  /** latin1 */
  readonly text: string
  /** in its file, from 1 */
  readonly line: number
}

export interface Transcript {
  readonly client: string
  readonly why: string
  readonly steps: readonly Step[]
}

/** @throws what is wrong with it, and where */
export function parseTranscript(text: string): Transcript {
  const header = new Map<string, string>()
  const steps: Step[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const [, key, value = ''] = /^# (Client|Why): (.+)$/.exec(line) ?? []
    const [, by, said = ''] = /^([CS]):(?: (.*))?$/.exec(line) ?? []
    if (key) header.set(key, value)
    else if (by) steps.push({ by: by === 'C' ? 'client' : 'server', text: unescape(said), line: index + 1 })
    else if (line !== '') throw new Error(`line ${index + 1} is neither header nor "C: " nor "S: "`)
  }
  const [client, why] = [header.get('Client'), header.get('Why')]
  if (client === undefined || why === undefined) throw new Error('a transcript says which client, and why')
  return { client, why, steps }
}

const unescape = (text: string): string =>
  text.replace(/\\(r|n|x[0-9a-f]{2})/g, (_, code: string) =>
    code === 'r' ? '\r' : code === 'n' ? '\n' : String.fromCharCode(Number.parseInt(code.slice(1), 16)),
  )

/** What stands for the address and the password of the mailbox. */
export function fillIn(text: string, address: string, password: string): string {
  const secret = Buffer.from(password)
  const values: Readonly<Record<string, string>> = {
    address,
    password: secret.toString('latin1'),
    'password-size': String(secret.length),
    plain: Buffer.from(`\0${address}\0${password}`).toString('base64'),
    address64: Buffer.from(address).toString('base64'),
    password64: secret.toString('base64'),
  }
  return text.replace(/\{([a-z\d-]+)\}/g, (whole, name: string) => values[name] ?? whole)
}

/** Any number of responses. */
export const ANY = '...'

/** Is this a response that the transcript wants? */
export function isAnswer(wanted: string, response: string): boolean {
  const pieces = wanted.split('...').map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${pieces.join('[\\s\\S]*?')}$`).test(response)
}
