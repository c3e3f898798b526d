/** `ceralacca operator`: the people who look after the service. */
import { choosePassword, PASSWORD_OPTION } from './password.ts'
import type { Command } from './command.ts'
import { withInstallation } from './connect.ts'

export const operatorSet: Command = {
  words: ['operator', 'set'],
  summary: 'Make an operator, or give him a new password.',
  operands: ['NAME'],
  options: PASSWORD_OPTION,
  async run(invocation) {
    const [name = ''] = invocation.operands
    const { password, made } = await choosePassword(invocation)
    return withInstallation(invocation.config, async ({ operators }) => {
      await operators.set(name, password)
      return {
        text: made ? `Operator ${name}, password ${password}` : `Operator ${name} is set.`,
        json: { name, ...(made && { password }) },
      }
    })
  },
}

export const operatorList: Command = {
  words: ['operator', 'list'],
  summary: 'List the operators.',
  run: ({ config }) =>
    withInstallation(config, async ({ operators }) => {
      const names = await operators.list()
      return { text: names.join('\n'), json: names }
    }),
}
