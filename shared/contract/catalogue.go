package contract

//go:generate go run ./generate

// Catalogue is every event there is, as its zero body, family by family.
func Catalogue() []Body {
	return []Body{
		BuddyMatchCreated{},
		BuddyMatchEnded{},
		BuddyEventLogged{},
		BuddyEventAttended{},
		BuddyCheckinCompleted{},
		BuddyFeedbackSubmitted{},
		BuddySkillShareCompleted{},
		BuddyMilestoneReached{},
		KintellSessionScheduled{},
		KintellSessionCompleted{},
		KintellRatingCreated{},
		UpskillingCourseCompleted{},
		UpskillingCredentialIssued{},
		UpskillingProgressUpdated{},
		JourneyMilestoneReached{},
		ProfileUpdated{},
		ImportReceived{},
		OutcomeScored{},
		DriftDetected{},
		OutboxStalled{},
		SafetyFlagRaised{},
		SafetyReviewCompleted{},
		ExternalVolunteerLogged{},
		ExternalDonationMade{},
		ExternalUserSynced{},
		ReportRunCompleted{},
		ReportExportRequested{},
		ReportExportCompleted{},
		NotificationRequested{},
		NotificationDelivered{},
		NotificationFailed{},
		PrivacyRequestOpened{},
		PrivacyRequestCompleted{},
		PrivacyPersonErased{},
	}
}
