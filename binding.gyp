{
  'targets': [
    {
      'target_name': 'context_codec',
      'sources': [
        'src/native/addon.cc',
        'src/native/child_group.cc',
        'src/native/codec/canonical.cc',
        'src/native/control_thread.cc',
        'src/native/codec/encodings.cc',
        'src/native/file_locks.cc',
        'src/native/codec/json_children.cc',
        'src/native/codec/json_string.cc',
        'src/native/codec/merge.cc',
        'src/native/codec/pick.cc',
        'src/native/codec/refusal.cc',
        'src/native/codec/sha256.cc',
        'src/native/handed_files.cc',
        'src/native/restriction/confinement.cc',
        'src/native/run_limit.cc',
        'src/native/restriction/exports.cc',
        'src/native/restriction/sqlite_files.cc',
        'src/native/restriction/system_calls.cc',
      ],
      # The headers of SQLite describe its file layer, which is the same in all versions; the addon has no code of it.
      'include_dirs': [
        "<!(node -p \"require('node-addon-api').include_dir\")",
        "<!(node -p \"require('path').join(require.resolve('better-sqlite3/package.json'), '..', 'deps', 'sqlite3')\")",
      ],
      # Exceptions are used inside and end in addon.cc; node-addon-api itself is to use none. In a thread that is being
      # terminated nothing can be thrown into JavaScript: without the last of them, node-addon-api then aborts the process.
      'defines': [
        'NAPI_VERSION=9',
        'NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS',
        'NODE_ADDON_API_DISABLE_DEPRECATED',
        'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
      ],
      'cflags!': ['-fno-exceptions', '-fno-omit-frame-pointer'],
      'cflags_cc!': ['-fno-exceptions', '-fno-rtti', '-std=gnu++17', '-std=gnu++20'],
      'cflags_cc': ['-std=c++17', '-Wall', '-Wextra', '-Werror', '-fvisibility=hidden', '-fomit-frame-pointer'],
      'xcode_settings': {
        'CLANG_CXX_LANGUAGE_STANDARD': 'c++17',
        'GCC_ENABLE_CPP_EXCEPTIONS': 'YES',
        'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
        'MACOSX_DEPLOYMENT_TARGET': '13.5',
        'WARNING_CFLAGS': ['-Wall', '-Wextra', '-Werror'],
      },
      'msvs_settings': {
        'VCCLCompilerTool': {
          'ExceptionHandling': 1,
          'AdditionalOptions': ['/std:c++17'],
        },
      },
    },
  ],
}
