/** Thunderbird on a screen of its own, with a fresh profile that trusts a test authority; what a user does in it, and sees. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Owner } from './cleanup.ts'
import { execute } from './execute.ts'
import { Marionette } from './marionette.ts'
import { startProgram } from './program.ts'
import { temporaryFolder } from './provider.ts'
import { startScreen, type Screen } from './screen.ts'

/** Nothing that calls home, asks or greets. */
const PREFERENCES = {
  'app.donation.eoy.version.viewed': 999,
  'app.update.auto': false,
  'datareporting.healthreport.uploadEnabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'extensions.getAddons.cache.enabled': false,
  'extensions.update.enabled': false,
  'mail.rights.version': 1,
  'mail.shell.checkDefaultClient': false,
  'mailnews.start_page.enabled': false,
  'mailnews.start_page_override.mstone': 'ignore',
  // The system chooses the port, and the profile tells it.
  'marionette.port': 0,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,',
  'toolkit.telemetry.enabled': false,
}

/** What is done within the program: ours, in its own language and with its own objects. */
const ACTIONS = readFileSync(new URL('in-thunderbird.js', import.meta.url), 'utf8').replaceAll(/^export /gm, '')

export interface ThunderbirdAccount {
  readonly protocol: 'imap' | 'pop3'
  readonly name: string
  readonly address: string
  readonly password: string
  readonly incomingPort: number
  readonly outgoingPort: number
}

export interface Row {
  readonly name: string
  /** what the folder is for, as its icon shows */
  readonly use: string
}

export interface Seal {
  readonly technology: string
  /** of the icon beside the subject, "" if there is none: `ok` with a good signature */
  readonly icon: string
  /** heading and words of the panel behind it */
  readonly label: string
  readonly explanation: string
  readonly signer: string
  readonly signerAddress: string
  readonly issuer: string
}

export interface Shown {
  readonly subject: string
  readonly from: string
  /** text of the message, attached messages that are shown beneath it included */
  readonly text: string
  readonly attachments: readonly string[]
}

export interface Thunderbird {
  readonly screen: Screen
  /** Adds an account by the dialogs that a new user sees, server `localhost`, SSL/TLS, normal password. */
  setUp(account: ThunderbirdAccount): Promise<void>
  /** Shows the inbox of an account; answers the account's folders as they are listed. */
  openInbox(address: string): Promise<Row[]>
  /** Fetches new mail, as the button does. */
  fetchMail(address: string): Promise<void>
  /** Waits until a message of this subject is listed in the open folder, selects it, and waits until it is shown. */
  openMessage(subject: string): Promise<Shown>
  /** What it says of the signature of the open message; its panel stays open until the next action. */
  readSeal(): Promise<Seal>
  /** Opens an attached message in a tab, reads it there, and closes the tab. */
  openAttachedMessage(name: string): Promise<Shown>
  /** Writes a message in the editor and sends it; resolves when it is sent and its copy filed. */
  send(message: { from: string; to: string; subject: string; text: string; attachment: string }): Promise<void>
  /** Gives a command of the menus, about the open message. */
  command(name: 'cmd_markAsFlagged' | 'cmd_delete' | 'cmd_tag1'): Promise<void>
  /** Moves the open message to the folder of that use. */
  moveTo(use: 'Archive' | 'Trash'): Promise<void>
  /** Waits until the message of this subject in the open folder is so. */
  waitForMark(subject: string, mark: 'flagged' | 'gone'): Promise<void>
}

/** Starts it and waits until it can be driven; it ends with the test. `ca` is the PEM file of an authority to be trusted. */
export async function startThunderbird(owner: Owner, ca: string): Promise<Thunderbird> {
  const home = temporaryFolder(owner)
  const profile = join(home, 'profile')
  mkdirSync(profile)
  const lines = Object.entries(PREFERENCES).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`)
  writeFileSync(join(profile, 'user.js'), lines.join(''))
  await trust(profile, ca)
  const screen = await startScreen(owner)
  const args = ['--no-remote', '--profile', profile, '--marionette', '--remote-allow-system-access']
  const environment = { HOME: home, DISPLAY: screen.display, LC_ALL: 'C.UTF-8', MOZ_CRASHREPORTER_DISABLE: '1' }
  const program = startProgram(owner, 'thunderbird', args, environment)
  const marionette = await Marionette.connect(owner, await program.until(() => readPort(profile)))
  const act = <Value>(action: string, ...args: unknown[]): Promise<Value> =>
    marionette.run<Value>(`${ACTIONS}\nreturn ${action}(...args)`, ...args)
  await act('start')
  return {
    screen,
    setUp: (account) => act('setUp', account),
    openInbox: (address) => act('openInbox', address),
    fetchMail: (address) => act('fetchMail', address),
    openMessage: (subject) => act('openMessage', subject),
    readSeal: () => act('readSeal'),
    openAttachedMessage: (name) => act('openAttachedMessage', name),
    send: (message) => act('send', message),
    command: (name) => act('command', name),
    moveTo: (use) => act('moveTo', use),
    waitForMark: (subject, mark) => act('waitForMark', subject, mark),
  }
}

function readPort(profile: string): number | undefined {
  const file = join(profile, 'MarionetteActivePort')
  const port = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0
  return port > 0 ? port : undefined
}

/** As the two boxes of the dialog do that imports an authority: to identify websites, and e-mail users. */
async function trust(profile: string, ca: string): Promise<void> {
  for (const args of [
    ['-N', '--empty-password'],
    ['-A', '-n', 'test authority', '-t', 'C,C,', '-i', ca],
  ]) {
    const { code, stderr } = await execute('certutil', [...args, '-d', `sql:${profile}`])
    if (code !== 0) throw new Error(stderr)
  }
}
