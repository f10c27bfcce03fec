//! The project actions, described. Uses nothing.
//!
//! Sources: the documents of the actions, the published API definitions and SDKs.

macro_rules! projects {
    ($then:ident) => {
        $then! {
            records {
                /// A project. It lives in the caller's buffer. New fields may come at the end. A string that the service did not send is
                /// "".
                Project = trro_project {
                    /// Its id, 16 characters. Never NULL.
                    project_id: text "ProjectId",
                    /// Its name. Never NULL. UTF-8, as the service sent it.
                    project_name: text "ProjectName",
                    /// What it is for. Never NULL. UTF-8, as the service sent it.
                    project_description: text "ProjectDescription",
                    /// Who may connect to whom: "black", all but what is listed, or "white", only what is listed. Never NULL.
                    policy_mode: text "PolicyMode",
                    /// When it was last changed, by ISO 8601. Never NULL.
                    modify_time: text "ModifyTime",
                }
            }

            actions {
                /// Makes a project.
                changes CreateProject = trro_create_project, document 68104, 20 a second
                /// Which project to make.
                request trro_create_project_request<'a> {
                    /// Its name.
                    project_name: text "ProjectName", required(PROJECT_NAME);
                    /// What it is for.
                    project_description: text "ProjectDescription", optional(DESCRIPTION);
                    /// Who may connect to whom: all but what is listed, or only what is listed. The service takes "black" where it is not
                    /// sent.
                    policy_mode: text "PolicyMode", optional(POLICY_MODE);
                }
                /// The project that was made. It lives in the caller's buffer. New fields may come at the end.
                response ProjectCreation = trro_project_creation, project_creation {
                    /// Its id, 16 characters; "" if the service did not send it. Never NULL.
                    project_id: text "ProjectId",
                    /// The service's id of the request. Never NULL.
                    request_id: text "RequestId",
                }

                /// Changes a project. What is not given stays as it is.
                changes ModifyProject = trro_modify_project, document 68100, 20 a second
                /// Which project to change, and how.
                request trro_modify_project_request<'a> {
                    /// The project.
                    project_id: text "ProjectId", REQUIRED;
                    /// Its new name.
                    project_name: text "ProjectName", optional(PROJECT_NAME);
                    /// What it is for now. Whether the service takes an empty one for "none" or for "as it was" is not clear: its
                    /// document says to leave blank what is not to be modified.
                    project_description: text "ProjectDescription", optional(DESCRIPTION);
                    /// Who may connect to whom from now on.
                    policy_mode: text "PolicyMode", optional(POLICY_MODE);
                }
                /// The project was changed. It lives in the caller's buffer. New fields may come at the end.
                response ProjectModification = trro_project_modification, project_modification {
                    /// The service's id of the request. Never NULL.
                    request_id: text "RequestId",
                }

                /// Deletes a project. What becomes of its devices and of their licenses is documented nowhere.
                changes DeleteProject = trro_delete_project, document 68103, 20 a second
                /// Which project to delete.
                request trro_delete_project_request<'a> {
                    /// The project.
                    project_id: text "ProjectId", REQUIRED;
                }
                /// The project was deleted. It lives in the caller's buffer. New fields may come at the end.
                response ProjectDeletion = trro_project_deletion, project_deletion {
                    /// The service's id of the request. Never NULL.
                    request_id: text "RequestId",
                }

                /// Asks for the projects of the account, a page of them.
                reads DescribeProjectList = trro_describe_project_list, document 68101, 20 a second
                /// Which projects to ask for.
                request trro_describe_project_list_request {
                    /// The page.
                    page_number: number "PageNumber", PAGE;
                    /// Rows a page. The service documents no largest one, and may give fewer or refuse (InvalidParameterValue).
                    page_size: number "PageSize", page_size(10);
                }
                /// One page of projects. It lives in the caller's buffer. New fields may come at the end.
                response ProjectList = trro_project_list, project_list {
                    /// How many projects there are (Total), or TRRO_ABSENT.
                    total: number "Total",
                    /// How many of them are in this answer, as the service says (Num), or TRRO_ABSENT.
                    num: number "Num",
                    /// The service's id of the request. Never NULL.
                    request_id: text "RequestId",
                    /// The rows (Projects); `project_count` of them. Go on until a page has none. Neither it nor an element
                    /// is NULL.
                    projects[project_count]: rows "Projects" of Project = trro_project,
                }

                /// Asks for one project.
                reads DescribeProjectInfo = trro_describe_project_info, document 68102, 20 a second
                /// Which project to ask for.
                request trro_describe_project_info_request<'a> {
                    /// The project.
                    project_id: text "ProjectId", REQUIRED;
                }
                /// One project. It lives in the caller's buffer. New fields may come at the end. A string that the service did not send is
                /// "".
                response ProjectInfo = trro_project_info, project_info {
                    /// Its name. Never NULL. UTF-8, as the service sent it.
                    project_name: text "ProjectName",
                    /// What it is for. Never NULL. UTF-8, as the service sent it.
                    project_description: text "ProjectDescription",
                    /// Who may connect to whom: "black", all but what is listed, or "white", only what is listed. Never NULL.
                    policy_mode: text "PolicyMode",
                    /// When it was last changed, by ISO 8601. Never NULL.
                    modify_time: text "ModifyTime",
                    /// The service's id of the request. Never NULL.
                    request_id: text "RequestId",
                }
            }
        }
    };
}
pub(crate) use projects;
