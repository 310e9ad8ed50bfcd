# What `cmake --install` puts where.
include(GNUInstallDirs)

install(TARGETS ficus RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES packaging/ficus.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES packaging/ficus.socket DESTINATION lib/systemd/system)
install(FILES packaging/ficus.sysusers DESTINATION lib/sysusers.d RENAME ficus.conf)
install(FILES packaging/ficus.bash
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME ficus)
install(FILES README.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs)
install(DIRECTORY config/examples/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples
  FILES_MATCHING PATTERN "*.yaml")

# The unit names the paths of the installation, whose prefix may be given as late as to
# `cmake --install --prefix`; below /usr, configuration is in /etc.
set(FICUS_UNIT ${PROJECT_BINARY_DIR}/packaging/ficus.service)
install(CODE "
  set(FICUS_BINDIR \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}\")
  set(FICUS_SYSCONFDIR \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_SYSCONFDIR}\")
  if(CMAKE_INSTALL_PREFIX STREQUAL \"/usr\")
    set(FICUS_SYSCONFDIR /etc)
  endif()
  configure_file(\"${PROJECT_SOURCE_DIR}/packaging/ficus.service.in\" \"${FICUS_UNIT}\" @ONLY)
  file(INSTALL DESTINATION \"\${CMAKE_INSTALL_PREFIX}/lib/systemd/system\" TYPE FILE
    FILES \"${FICUS_UNIT}\")
  file(INSTALL DESTINATION \"\${FICUS_SYSCONFDIR}/logrotate.d\" TYPE FILE RENAME ficus
    FILES \"${PROJECT_SOURCE_DIR}/packaging/ficus.logrotate\")
")
