import type { Command } from 'commander';

/** One command: what help says of it before its module is loaded, and how to load it. */
export interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** Commands that share a first word. */
export interface CommandGroup {
  readonly summary: string;
  readonly commands: CommandTable;
}

export type CommandTable = Readonly<Record<string, CommandEntry | CommandGroup>>;

/** Every command, in the order in which help shows them. A module is loaded only when its command is called. */
export const COMMANDS: CommandTable = {
  init: {
    summary: 'write a small weir.yaml to begin with',
    load: async () => (await import('./commands/init.js')).initCommand(),
  },
  check: {
    summary: 'check a configuration and run the tests in it',
    load: async () => (await import('./commands/check.js')).checkCommand(),
  },
  config: {
    summary: 'see, compare and bring back versions of the configuration',
    commands: {
      history: {
        summary: 'list versions that were in force',
        load: async () => (await import('./commands/config.js')).configHistoryCommand(),
      },
      diff: {
        summary: 'show what differs between two versions, or a version and the file',
        load: async () => (await import('./commands/config.js')).configDiffCommand(),
      },
      rollback: {
        summary: 'bring a version back',
        load: async () => (await import('./commands/config.js')).configRollbackCommand(),
      },
    },
  },
  serve: {
    summary: 'run the gateway',
    load: async () => (await import('./commands/serve.js')).serveCommand(),
  },
  explain: {
    summary: 'tell which model would answer a request, where, and why',
    load: async () => (await import('./commands/explain.js')).explainCommand(),
  },
  signals: {
    summary: 'compute signals and decisions for many requests',
    load: async () => (await import('./commands/signals.js')).signalsCommand(),
  },
  classify: {
    summary: 'say what the local models make of texts',
    load: async () => (await import('./commands/classify.js')).classifyCommand(),
  },
  train: {
    summary: 'train heads for the local models',
    commands: {
      head: {
        summary: 'train a head in the place of one of Weir’s own',
        load: async () => (await import('./commands/train-head.js')).trainHeadCommand(),
      },
      routes: {
        summary: 'train routes on labelled texts',
        load: async () => (await import('./commands/train-routes.js')).trainRoutesCommand(),
      },
    },
  },
  models: {
    summary: 'fetch models of the hub into the cache, list and remove them',
    commands: {
      pull: {
        summary: 'fetch a model of the hub into the cache',
        load: async () => (await import('./commands/models.js')).pullModelCommand(),
      },
      list: {
        summary: 'list the models of the hub in the cache',
        load: async () => (await import('./commands/models.js')).listModelsCommand(),
      },
      remove: {
        summary: 'remove a model of the hub from the cache',
        load: async () => (await import('./commands/models.js')).removeModelCommand(),
      },
    },
  },
  keys: {
    summary: 'make, list, rotate and revoke keys',
    commands: {
      create: {
        summary: 'make a key; its secret is printed this once',
        load: async () => (await import('./commands/keys.js')).createKeyCommand(),
      },
      list: {
        summary: 'list keys',
        load: async () => (await import('./commands/keys.js')).listKeysCommand(),
      },
      rotate: {
        summary: 'give a key another secret; the old one stays good for a while',
        load: async () => (await import('./commands/keys.js')).rotateKeyCommand(),
      },
      revoke: {
        summary: 'end a key for good, at once',
        load: async () => (await import('./commands/keys.js')).revokeKeyCommand(),
      },
    },
  },
  teams: {
    summary: 'make, change and list teams',
    commands: {
      set: {
        summary: 'make a team, or change one',
        load: async () => (await import('./commands/teams.js')).setTeamCommand(),
      },
      list: {
        summary: 'list teams',
        load: async () => (await import('./commands/teams.js')).listTeamsCommand(),
      },
    },
  },
  users: {
    summary: 'make, change and list users',
    commands: {
      set: {
        summary: 'make a user, or change one',
        load: async () => (await import('./commands/users.js')).setUserCommand(),
      },
      list: {
        summary: 'list users',
        load: async () => (await import('./commands/users.js')).listUsersCommand(),
      },
    },
  },
  usage: {
    summary: 'tell who used how much',
    load: async () => (await import('./commands/usage.js')).usageCommand(),
  },
  audit: {
    summary: 'read and verify the log of who changed what',
    commands: {
      list: {
        summary: 'list the latest changes',
        load: async () => (await import('./commands/audit.js')).listAuditCommand(),
      },
      verify: {
        summary: 'see that no row was altered or taken out',
        load: async () => (await import('./commands/audit.js')).verifyAuditCommand(),
      },
    },
  },
  engine: {
    summary: 'run an engine, simulated or of a GGUF file',
    load: async () => (await import('./commands/engine.js')).engineCommand(),
  },
  trace: {
    summary: 'read, generate and record traces of traffic',
    commands: {
      inspect: {
        summary: 'measure what a trace is like',
        load: async () => (await import('./commands/trace-inspect.js')).traceInspectCommand(),
      },
      generate: {
        summary: 'generate a trace',
        load: async () => (await import('./commands/trace-generate.js')).traceGenerateCommand(),
      },
      record: {
        summary: 'write what the gateway served as a trace, without text',
        load: async () => (await import('./commands/trace-record.js')).traceRecordCommand(),
      },
    },
  },
  plan: {
    summary: 'find the cheapest fleet for a trace under an SLO',
    load: async () => (await import('./commands/plan.js')).planCommand(),
  },
  simulate: {
    summary: 'play a trace through the pools, in virtual time',
    load: async () => (await import('./commands/simulate.js')).simulateCommand(),
  },
  'what-if': {
    summary: 'compare two configurations on one trace',
    load: async () => (await import('./commands/what-if.js')).whatIfCommand(),
  },
  calibrate: {
    summary: 'fit the engine model to measured runs',
    load: async () => (await import('./commands/calibrate.js')).calibrateCommand(),
  },
  bench: {
    summary: 'measure parts of Weir',
    commands: {
      placement: {
        summary: 'compare placement policies on a trace, in virtual time',
        load: async () => (await import('./commands/bench-placement.js')).benchPlacementCommand(),
      },
    },
  },
  schema: {
    summary: 'print the JSON Schema of weir.yaml',
    load: async () => (await import('./commands/schema.js')).schemaCommand(),
  },
  version: {
    summary: 'print the version of Weir and of Node',
    load: async () => (await import('./commands/version.js')).versionCommand(),
  },
};
