include $(sort $(wildcard $(BR2_EXTERNAL_TRRO_PATH)/package/*/*.mk))
