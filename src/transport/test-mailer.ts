/** For tests: a mailer with quick time bounds, and mail for it. */
import type { TestContext } from 'node:test'
import { createMailer } from './mailer.ts'
import type { MailerDeps } from './mailer.ts'
import type { Mailer, OutgoingMail, SendResult } from './mailer-types.ts'

/** Tests of what hangs wait so long. */
export const QUICK = { connect: 300, greeting: 300, command: 300, recipient: 0, data: 300, final: 300, dns: 500, policy: 500 }

/** A mailer whose every domain is at `port` of localhost, closed at the end of the test. */
export function testMailer(context: TestContext, port: number, deps: Partial<MailerDeps> = {}): Mailer {
  const mailer = createMailer({
    routes: new Map([['*', { host: 'localhost', port }]]),
    dnsServers: [],
    tlsRoots: undefined,
    serverName: 'sender.test',
    report: () => undefined,
    now: Date.now,
    policyOf: () => Promise.resolve({ mode: 'none' }),
    ...deps,
    limits: { close: 1000, ...deps.limits },
  })
  context.after(() => mailer.close())
  return mailer
}

export const MESSAGE = 'From: <a@sender.test>\r\nSubject: test\r\n\r\nbody\r\n'

export const mailTo = (to: readonly string[], rest: Partial<OutgoingMail> = {}): OutgoingMail => ({
  domain: 'peer.test',
  from: 'a@sender.test',
  to,
  content: [Buffer.from(MESSAGE)],
  certified: false,
  ...rest,
})

export const short = (results: readonly SendResult[]): string[] =>
  results.map(({ recipient, outcome, status }) => `${recipient} ${outcome} ${status}`)
