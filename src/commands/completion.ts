import type { Command } from './command.ts'
import { parseCommand, UsageError } from './options.ts'

const HELP = `Usage: modelcache completion bash|zsh|fish

Prints what makes a shell complete roles, options, and the names of ModelCaches and workloads of the cluster:

    source <(modelcache completion bash)      # in ~/.bashrc
    source <(modelcache completion zsh)       # in ~/.zshrc, after compinit
    modelcache completion fish | source       # in ~/.config/fish/config.fish

kubectl completes the plugin by itself if kubectl_complete-modelcache, which comes with it, is on the PATH.
`

// The last line of the answer is about files, and no candidate.
const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `_modelcache() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(modelcache __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | sed '$d')" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _modelcache modelcache
`,
  zsh: `#compdef modelcache
_modelcache() {
  local -a found
  found=(\${(f)"$(modelcache __complete "\${(@)words[2,CURRENT]}" 2>/dev/null | sed '$d')"})
  if (( \${#found} )); then compadd -a found; else _files; fi
}
compdef _modelcache modelcache
`,
  fish: `function __modelcache_complete
  set -l words (commandline --tokenize --cut-at-cursor --current-process) (commandline --current-token --cut-at-cursor)
  modelcache __complete $words[2..] 2>/dev/null | sed '$d'
end
complete --command modelcache --no-files --arguments '(__modelcache_complete)'
`,
}

/** The role that prints completion scripts. */
export const completion: Command = {
  help: HELP,
  options: {},
  operands: 'shells',

  async run(argv) {
    const given = parseCommand({}, argv, { operands: 1 })
    if (given === undefined) {
      process.stdout.write(HELP)
      return 0
    }
    const [shell = ''] = given.operands
    const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined
    if (script === undefined) throw new UsageError('name a shell: bash, zsh or fish')
    process.stdout.write(script)
    return 0
  },
}
