/** The demo of a first start: two mailboxes, an operator, an agreement, and demo.json with what is needed to try them. */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { CeralaccaError } from '../base/errors.ts'
import { dataPaths, type Config } from '../config/config.ts'
import type { Installation } from '../wiring/installation.ts'
import { testKeysRequest } from '../wiring/keys.ts'
import { SYSTEM } from '../registry/operators/operators.ts'
import { generatePassword } from '../registry/passwords.ts'
import { ensureTestKeys } from '../seal/test-keys.ts'
import { replaceFileDurable } from '../storage/durable-file.ts'

export interface Demo {
  /** path of the CA certificate */
  readonly ca: string
  readonly provider: string
  readonly web: string
  readonly mailboxes: readonly { readonly address: string; readonly password: string }[]
  readonly operator: { readonly user: string; readonly password: string }
  readonly agreementCode: string
}

const NAMES = ['mario.rossi', 'lucia.bianchi']
const OPERATOR = 'operatore'
const ORDER = { code: 'OMCEO-XX', name: 'Ordine dei Medici (demo)', email: null }
const AGREEMENT = { code: 'OMCEO-XX-0051', order: ORDER.code }

/** Makes the demo once; later starts read what the first one wrote. A first start that was cut short is completed. */
export async function ensureDemo(config: Config, installation: Installation): Promise<Demo> {
  const path = dataPaths(config.dataFolder).demo
  const { values } = config
  const web = `https://${values.CERALACCA_SERVER_NAME}:${config.ports.https}`
  if (existsSync(path)) {
    const known = JSON.parse(readFileSync(path, 'utf8')) as Demo
    return known.web === web ? known : write(path, { ...known, web })
  }
  const ca = await caPath(config)
  const mailboxes: { address: string; password: string }[] = []
  for (const name of NAMES)
    mailboxes.push(await ensureMailbox(installation, `${name}@${values.CERALACCA_DOMAIN}`, values.CERALACCA_QUOTA))
  const operator = { user: OPERATOR, password: generatePassword() }
  await installation.operators.set(operator.user, operator.password, SYSTEM, ['administrator', 'desk', 'support', 'auditor'])
  await ensureAgreement(installation, values.CERALACCA_DOMAIN)
  const demo: Demo = {
    ca,
    provider: values.CERALACCA_PROVIDER_NAME,
    web,
    mailboxes,
    operator,
    agreementCode: AGREEMENT.code,
  }
  return write(path, demo)
}

/** Of the certificate that vouches for our servers: the test authority's, unless the TLS certificate is one of one's own. */
async function caPath(config: Config): Promise<string> {
  const { CERALACCA_TLS_CERTIFICATE_FILE: own, CERALACCA_TLS_CA_FILE: ca } = config.values
  if (own !== undefined) return resolve(ca ?? own)
  return (await ensureTestKeys(dataPaths(config.dataFolder).keys, testKeysRequest(config))).ca.certificatePath
}

async function write(path: string, demo: Demo): Promise<Demo> {
  await replaceFileDurable(path, Buffer.from(`${JSON.stringify(demo, null, 2)}\n`))
  return demo
}

async function ensureAgreement({ orders, agreements }: Installation, domain: string): Promise<void> {
  if (!(await orders.list()).some(({ code }) => code === ORDER.code)) await orders.add(ORDER, SYSTEM)
  const known = await agreements.list()
  if (!known.some(({ code }) => code === AGREEMENT.code)) await agreements.add({ ...AGREEMENT, domain }, SYSTEM)
}

/** A mailbox with a new password, whether or not the mailbox is there already. */
async function ensureMailbox({ mailboxes }: Installation, address: string, quota: number) {
  const password = generatePassword()
  try {
    await mailboxes.create(address, password, quota)
  } catch (error) {
    if (!(error instanceof CeralaccaError) || error.code !== 'address-taken') throw error
    await mailboxes.setPassword(address, password)
  }
  return { address, password }
}
