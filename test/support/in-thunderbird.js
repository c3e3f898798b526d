/**
 * What thunderbird.ts does within Thunderbird: run in its main window, with its objects (Services, MailServices, the tabs).
 * As far as it goes, what a user's hand would do: fields are filled in, buttons pressed, menu commands given, and what comes of it
 * is read from what is shown. Each action waits until what it did has happened. Plain JavaScript, for Thunderbird reads it.
 */
const { MailServices } = ChromeUtils.importESModule('resource:///modules/MailServices.sys.mjs')
const { FileUtils } = ChromeUtils.importESModule('resource://gre/modules/FileUtils.sys.mjs')

const LONGEST_WAIT_MS = 45_000

/** Asks again and again, until there is an answer that counts. */
async function until(what, ask) {
  const deadline = Date.now() + LONGEST_WAIT_MS
  for (;;) {
    const answer = ask()
    if (answer) return answer
    if (Date.now() > deadline) {
      const titles = [...Services.wm.getEnumerator(null)].map((open) => open.document.title)
      throw new Error(`not in time: ${what}; windows: ${titles.join(' | ')}`)
    }
    await new Promise((resolve) => window.setTimeout(resolve, 50))
  }
}

/** All elements that match and are shown, also within the shadow roots of custom elements. */
function shown(selector, root = document) {
  return [...root.querySelectorAll('*')].flatMap((element) => [
    ...(element.matches(selector) && element.getClientRects().length > 0 ? [element] : []),
    ...(element.shadowRoot ? shown(selector, element.shadowRoot) : []),
  ])
}

const tabs = () => document.getElementById('tabmail')
/** The window of folders and messages. */
const pane = () => tabs().currentAbout3Pane
/** The window of the message that is shown, in the pane or in a tab of its own. */
const reader = () => tabs().currentAboutMessage
const inReader = (id) => reader().document.getElementById(id)

export async function start() {
  window.resizeTo(1280, 900)
  await until('the main window', () => tabs()?.currentTabInfo)
}

/** Fills in a field of the account dialog, as typing or choosing does. */
async function fill(id, value) {
  const [field] = await until(`field ${id}`, () => {
    const found = shown(`#${id}`)
    return found.length > 0 && found
  })
  field.value = value
  for (const type of ['input', 'change']) field.dispatchEvent(new Event(type, { bubbles: true }))
}

/** Presses a button of the account dialog as soon as it can be pressed. */
async function press(id) {
  await until(`button ${id}`, () => shown(`#${id}`).some((button) => !button.disabled))
  shown(`#${id}`)[0].click()
}

export async function setUp({ protocol, name, address, password, incomingPort, outgoingPort }) {
  await fill('realName', name)
  await fill('email', address)
  // Otherwise it would look for the settings all over the Internet.
  await press('manualConfiguration')
  await fill('incomingProtocol', protocol === 'imap' ? 1 : 2)
  await fillServer('incoming', incomingPort)
  await press('forward')
  await fillServer('outgoing', outgoingPort)
  await press('custom')
  await press('forward')
  await fill('password', password)
  await press('forward')
  await until(`the account of ${address}`, () => accountOf(address))
  // "Finish".
  await until('the last page', () => shown('#accountHubSignatureLink').length > 0)
  await press('forward')
  await until('the end of the dialog', () => shown('#forward').length === 0)
}

async function fillServer(direction, port) {
  const [SSL_TLS, NORMAL_PASSWORD] = [3, 3]
  await fill(`${direction}Hostname`, 'localhost')
  await fill(`${direction}ConnectionSecurity`, SSL_TLS)
  await fill(`${direction}Port`, port)
  await fill(`${direction}AuthMethod`, NORMAL_PASSWORD)
}

const accountOf = (address) => MailServices.accounts.accounts.find((account) => account.defaultIdentity?.email === address)
const inboxOf = (address) => accountOf(address).incomingServer.rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox)

export async function openInbox(address) {
  const inbox = await until('the inbox', () => inboxOf(address))
  pane().displayFolder(inbox.URI)
  await until('the inbox in the pane', () => pane().gFolder === inbox && pane().gDBView)
  const prefix = `${inbox.rootFolder.URI}/`
  const rows = [...pane().document.querySelectorAll('#folderTree li')]
  return rows
    .filter((row) => row.uri?.startsWith(prefix))
    .map((row) => ({ name: row.querySelector('.name').textContent, use: row.dataset.folderType ?? '' }))
}

export function fetchMail(address) {
  return new Promise((resolve, reject) => {
    const listener = {
      OnStartRunningUrl() {},
      OnStopRunningUrl: (_url, status) => (status === 0 ? resolve() : reject(new Error(`no mail fetched: ${status}`))),
    }
    accountOf(address).incomingServer.getNewMessages(inboxOf(address), null, listener)
  })
}

const listed = () => Array.from({ length: pane().gDBView.rowCount }, (_, index) => pane().gDBView.getMsgHdrAt(index))
const rowOf = (subject) => listed().findIndex((header) => header.mime2DecodedSubject === subject)

export async function openMessage(subject) {
  closePanel()
  await until(`"${subject}" in the list`, () => rowOf(subject) >= 0)
  pane().threadTree.selectedIndex = rowOf(subject)
  return readMessage(subject)
}

async function readMessage(subject) {
  const body = () => {
    const { contentDocument: page } = inReader('messagepane')
    return page.readyState === 'complete' && page.body?.textContent.trim()
  }
  await until(
    `"${subject}" on the screen`,
    () => reader()?.msgLoaded && reader().gMessage?.mime2DecodedSubject === subject && body(),
  )
  return {
    subject,
    from: inReader('expandedfromBox').textContent.trim(),
    text: body(),
    attachments: reader().currentAttachments.map((attachment) => attachment.name),
  }
}

export async function readSeal() {
  await until('the result of the check', () => reader().gSignatureStatus >= 0)
  const icon = inReader('signedHdrIcon')
  inReader('encryptionTechBtn').click()
  await until('the panel', () => inReader('messageSecurityPanel').state === 'open')
  const text = (id) => inReader(id).textContent
  return {
    technology: text('encryptionTechBtn').trim(),
    icon: icon.hidden ? '' : /message-signed-(\w+)\.svg$/.exec(icon.src)[1],
    label: text('signatureLabel'),
    explanation: text('signatureExplanation'),
    signer: text('signedBy'),
    signerAddress: text('signerEmail'),
    issuer: text('sigCertIssuedBy'),
  }
}

function closePanel() {
  if (reader()) inReader('messageSecurityPanel').hidePopup()
}

export async function openAttachedMessage(name) {
  closePanel()
  const opener = reader()
  const attachment = opener.currentAttachments.find((one) => one.name === name)
  await attachment.open(opener.browsingContext)
  await until(
    'the tab of the attached message',
    () => tabs().currentTabInfo.mode.name === 'mailMessageTab' && reader()?.msgLoaded,
  )
  const message = await readMessage(reader().gMessage.mime2DecodedSubject)
  tabs().closeTab(tabs().currentTabInfo)
  return message
}

export async function send({ from, to, subject, text, attachment }) {
  const make = (contract, type) => Cc[`@mozilla.org/messengercompose/${contract};1`].createInstance(Ci[type])
  const fields = make('composefields', 'nsIMsgCompFields')
  Object.assign(fields, { to, subject, body: text })
  const file = make('attachment', 'nsIMsgAttachment')
  file.url = Services.io.newFileURI(new FileUtils.File(attachment)).spec
  fields.addAttachment(file)
  const parameters = make('composeparams', 'nsIMsgComposeParams')
  const { New: type } = Ci.nsIMsgCompType
  const { PlainText: format } = Ci.nsIMsgCompFormat
  Object.assign(parameters, { composeFields: fields, type, format, identity: accountOf(from).defaultIdentity })
  MailServices.compose.OpenComposeWindowWithParams(null, parameters)
  const editor = () => Services.wm.getMostRecentWindow('msgcompose')
  const button = () => editor()?.document.getElementById('button-send')
  await until('the editor', () => editor()?.gMsgCompose && button() && !button().disabled)
  button().click()
  await until('the end of sending', () => !editor())
}

export function command(name) {
  closePanel()
  pane().commandController.doCommand(name)
}

export async function moveTo(use) {
  closePanel()
  const folder = pane().gFolder.rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags[use])
  pane().commandController.doCommand('cmd_moveMessage', folder)
}

export async function waitForMark(subject, mark) {
  const has = {
    flagged: () => listed()[rowOf(subject)]?.isFlagged,
    gone: () => rowOf(subject) < 0,
  }
  await until(`"${subject}" ${mark}`, has[mark])
}
