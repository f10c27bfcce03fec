################################################################################
#
# trro
#
################################################################################

# From the archive that has every crate inside and has no public address:
# `make -C packaging dist` makes it, and the folder buildroot with its sums.
# Checked by .ci/recipes: Config.in by kconfiglib; these commands as they stand,
# with one machine's tools in the place of Buildroot's and a library that cargo
# has built before, install what belongs into staging and target; the sums.
# Buildroot itself was not to be had there: no image was built, and no other
# machine's library.

TRRO_VERSION = @VERSION@
TRRO_SOURCE = trro-$(TRRO_VERSION)-vendored.tar.gz
TRRO_SITE = file://$(patsubst %/,%,$(dir $(BR2_EXTERNAL_TRRO_PATH)))
TRRO_LICENSE = Apache-2.0, BSD-3-Clause, CDLA-Permissive-2.0, ISC, MIT
# The second has the texts of the crates inside.
TRRO_LICENSE_FILES = LICENSE packaging/debian/copyright
TRRO_INSTALL_STAGING = YES
TRRO_DEPENDENCIES = host-rustc

# Not a cargo-package, which builds all crate types at once: cargo leaves
# link-time optimisation out then.
TRRO_MAKE = \
	$(TARGET_MAKE_ENV) $(TARGET_CONFIGURE_OPTS) $(PKG_CARGO_ENV) \
	$(MAKE) -C $(@D)/packaging \
	CARGO_TARGET_DIR=$(@D)/target \
	TARGET=$(RUSTC_TARGET_NAME) \
	CROSS=$(TARGET_CROSS) \
	PROFILE=$(call qstrip,$(BR2_PACKAGE_TRRO_PROFILE)) \
	PREFIX=/usr \
	STATUS_RPATH= \
	DOCDIR= \
	DOXYGEN=none \
	CARGO_FLAGS="--offline $(call qstrip,$(BR2_PACKAGE_TRRO_CARGO_FLAGS))"

define TRRO_BUILD_CMDS
	$(TRRO_MAKE) all
endef

define TRRO_INSTALL_STAGING_CMDS
	$(TRRO_MAKE) install CARGO=: DESTDIR=$(STAGING_DIR)
endef

# What only compilers need is taken away by Buildroot.
define TRRO_INSTALL_TARGET_CMDS
	$(TRRO_MAKE) install CARGO=: DESTDIR=$(TARGET_DIR)
endef

ifeq ($(BR2_PACKAGE_TRRO_STATUS),)
define TRRO_REMOVE_STATUS
	rm -f $(TARGET_DIR)/usr/bin/trro-status
endef
TRRO_POST_INSTALL_TARGET_HOOKS += TRRO_REMOVE_STATUS
endif

$(eval $(generic-package))
