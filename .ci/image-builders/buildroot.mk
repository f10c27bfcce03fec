# What Buildroot has that the package uses, with the tools of this machine, and the steps that its generic-package runs. SOURCES is the
# archive unpacked, IMAGE a folder for what is installed.
BR2_EXTERNAL_TRRO_PATH := $(abspath $(EXTERNAL))
PKG = TRRO
qstrip = $(strip $(subst ",,$(1)))
RUSTC_TARGET_NAME := $(shell uname -m)-unknown-linux-gnu
TARGET_CROSS := $(IMAGE)/host/bin/buildroot-
TARGET_MAKE_ENV = PATH="$(IMAGE)/host/bin:$(PATH)"
TARGET_CONFIGURE_OPTS = $(TARGET_MAKE_ENV) $(foreach tool,AR=ar LD=ld READELF=readelf OBJCOPY=objcopy CC=gcc,\
	$(firstword $(subst =, ,$(tool)))="$(TARGET_CROSS)$(lastword $(subst =, ,$(tool)))") CFLAGS="-O2" LDFLAGS=""
PKG_CARGO_ENV = CARGO_HOME=$(IMAGE)/cargo CARGO_BUILD_TARGET="$(RUSTC_TARGET_NAME)"
STAGING_DIR := $(IMAGE)/staging
TARGET_DIR := $(IMAGE)/target

define generic-package
.PHONY: image
image: @D = $(SOURCES)
image:
	$$(TRRO_BUILD_CMDS)
	$$(TRRO_INSTALL_STAGING_CMDS)
	$$(TRRO_INSTALL_TARGET_CMDS)
	$$(foreach hook,$$(TRRO_POST_INSTALL_TARGET_HOOKS),$$($$(hook)))
	@echo '$$(TRRO_SITE)/$$(TRRO_SOURCE)'
endef

include $(BR2_EXTERNAL_TRRO_PATH)/external.mk
